"""Compares memoir_images and the columns that point to it with what the contract says of covers and sections."""

import collections
import uuid

import psql
from database import NAMESPACE
from jsontext import parse, same_print
from memoir_images import recompute_picture
from properties import losses_of_picture

COLUMNS = ("chapter_id", "section_id", "url", "caption", "width", "height", "attributes")


def cover_id(chapter):
    return str(uuid.uuid5(NAMESPACE, "cover/" + chapter))


def section_picture_id(section):
    return str(uuid.uuid5(NAMESPACE, "section/" + section))


class Pictures:
    """The rows of memoir_images as they are now, by id, and as they must be."""

    def __init__(self, database):
        self.database = database
        table = psql.identifier(database.options.schema) + ".memoir_images"
        self.rows = {}
        self.twice = 0
        there = psql.column_types(database.dsn, database.options.schema, "memoir_images")
        query = "select id, %s from %s" % (", ".join(COLUMNS), table)
        for identity, *row in psql.rows(database.dsn, query) if there else ():
            self.twice += identity in self.rows
            self.rows[identity] = row
        self.expected = {}
        self.rejected = {"covers": {}, "images": {}}
        self.counts = {"covers": collections.Counter(), "images": collections.Counter()}

    def expect(self, stage, identity, chapter, section, value, depth=0):
        """Notes what a cover or a section's picture must become."""
        key = section or chapter
        if not self.database.is_done(stage, key):
            return
        row, codes = recompute_picture(value, depth, self.database.codec)
        if codes:
            self.rejected[stage][key] = codes
            self.counts[stage]["rejected"] += 1
        elif row is None:
            self.counts[stage]["empty"] += 1
        else:
            self.counts[stage]["migrated"] += 1
            self.expected[identity] = ((chapter, section), row, value)


def judge_pictures(database, images, findings):
    """Every row of memoir_images, both ways; `images` are (section, chapter, picture) of every section.

    Returns how many rows there are.
    """
    pictures = Pictures(database)
    for chapter, column in database.covers.items():
        cover, depth = (None, 0) if column is None else parse(column)
        pictures.expect("covers", cover_id(chapter), chapter, None, cover, depth)
    for section, chapter, image in images:
        pictures.expect("images", section_picture_id(section), chapter, section, image)
    for identity, (owner, row, picture) in pictures.expected.items():
        about = "picture of %s" % (owner[1] or "chapter " + owner[0])
        if identity not in pictures.rows:
            findings.add(about, "has no row %s in memoir_images" % identity)
        else:
            judge_row(about, pictures.rows[identity], owner + row, picture, findings)
    for identity in pictures.rows.keys() - pictures.expected.keys():
        findings.add("memoir_images", "row %s %s is of no picture" % (identity, pictures.rows[identity][:2]))
    if pictures.twice:
        findings.add("memoir_images", "%d ids are there more than once" % pictures.twice)
    wrong = database.wrong_picture_ids_in_sql()
    if wrong:
        findings.add("memoir_images", "%d ids differ from uuid_generate_v5" % wrong)
    judge_rejects(pictures, findings)
    return len(pictures.rows)


def judge_row(about, held, expected, picture, findings):
    """One row, column by column, and that it holds all of its picture."""
    now = held[:4] + [None if size is None else int(size) for size in held[4:6]] + [parse(held[6])[0]]
    for name, value, then in zip(COLUMNS, now, expected):
        if not same_print(value, then):
            findings.add(about, "%s is %.200r, expected %.200r" % (name, value, then))
    for loss in losses_of_picture(picture, *now[2:]):
        findings.add(about, "lost: " + loss)


def judge_rejects(pictures, findings):
    """Whether exactly those are rejected that must be, and the ledger counts each picture once."""
    for stage, must in pictures.rejected.items():
        if stage == "images" and pictures.database.is_one_pass:
            for key in must:
                findings.add("picture of %s" % key, "could not be migrated, and its chapter was")
            continue
        run = pictures.database.run_of(stage)
        records = pictures.database.rejects_of(stage, run)
        for key in must.keys() | records.keys():
            codes, found = must.get(key, set()), records.get(key, [])
            if len(found) != 1 or found[0][0] not in codes:
                codes_found = [code for code, _, _ in found]
                findings.add("%s of %s" % (stage, key), "rejected as %s, expected %s" % (codes_found, sorted(codes)))
            elif found[0][1] is None or not found[0][2]:
                findings.add("%s of %s" % (stage, key), "its reject lacks the place or the message")
        if not pictures.database.options.changed:
            counts = pictures.counts[stage]
            counted = (counts["migrated"], counts["empty"], counts["rejected"])
            sums = pictures.database.stage_sums().get((run, stage))
            if sums is None and pictures.database.options.unfinished:
                sums = (0, 0, 0, 0)
            if sums is None or sums[1:4] != counted:
                difference = "(migrated, empty, rejected) is %s, expected %s" % (sums and sums[1:4], counted)
                findings.add("stage %s" % stage, difference)


def judge_image_ids(database, images, findings):
    """Whether each section names its picture, and one without a picture none."""
    named = {row.id: row.image_id for rows in database.sections.values() for row in rows}
    for section, _, image in images:
        row, _ = recompute_picture(image, codec=database.codec)
        expected = None if row is None or not database.is_done("backfill", section) else section_picture_id(section)
        if named.get(section) != expected:
            findings.add("section %s" % section, "image_id is %s, expected %s" % (named.get(section), expected))
