#!/usr/bin/env python3
"""The sections with SQLAlchemy's ORM: pages of 500 by key, one unit of work a page. with_sqlalchemy.py URL"""

import sys
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, create_engine, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column

NAMESPACE = uuid.UUID("6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10")
PAGE = 500


class Base(DeclarativeBase):
    pass


class Chapter(Base):
    __tablename__ = "chapters"
    id: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[list | None] = mapped_column(JSONB)
    images: Mapped[list | None] = mapped_column(JSONB)
    cover_image: Mapped[dict | None] = mapped_column(JSONB)


class ChapterSection(Base):
    __tablename__ = "chapter_sections"
    __table_args__ = (UniqueConstraint("chapter_id", "order_index"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    chapter_id: Mapped[str] = mapped_column(ForeignKey("chapters.id", ondelete="CASCADE"))
    order_index: Mapped[int]
    title: Mapped[str | None]
    content: Mapped[str]
    image: Mapped[dict | None] = mapped_column(JSONB(none_as_null=True))
    attributes: Mapped[dict] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def section(chapter, index, block):
    rest = {key: value for key, value in block.items() if key not in ("title", "text", "image_index")}
    return ChapterSection(
        id=uuid.uuid5(NAMESPACE, "%s/%d" % (chapter.id, index)), chapter_id=chapter.id, order_index=index,
        title=block["title"], content=block["text"],
        image=chapter.images[block["image_index"]] if "image_index" in block else None, attributes=rest)


def main():
    engine = create_engine(sys.argv[1].replace("postgresql://", "postgresql+psycopg://"))
    page = select(Chapter).order_by(Chapter.id).limit(PAGE).options(load_only(Chapter.content, Chapter.images))
    last = ""
    with Session(engine) as session:
        while True:
            chapters = session.scalars(page.where(Chapter.id > last)).all()
            if not chapters:
                return
            for chapter in chapters:
                session.add_all(section(chapter, index, block) for index, block in enumerate(chapter.content))
                if chapter.images:
                    chapter.cover_image = chapter.images[0]
            last = chapters[-1].id
            session.commit()
            session.expunge_all()


if __name__ == "__main__":
    main()
