#!/usr/bin/env python3
"""Compares a migrated database with what the contract says of its chapters.

    judge.py --dsn 'host=… dbname=…' [--schema public] [--ledger etl]

Where chapters.content and chapters.images were dropped, --source names a copy that was made before. With --pictures
memoir_images is judged, too, with --image-ids also chapter_sections.image_id. chapter_sections.image may be gone then.

Prints the first differences and exits with 1, or one closing line and exits with 0.
"""

import argparse
import collections
import sys
import uuid

import psql
from database import NAMESPACE, Database
from jsontext import parse, same_print
from judged_pictures import judge_image_ids, judge_pictures
from properties import losses
from recompute import recompute

SHOWN = 20


_CONTROLS = {code: "\\u%04x" % code for code in range(32)}


class Findings:
    """Differences, counted, with the first ones kept."""

    def __init__(self, shown=SHOWN):
        self.count = 0
        self.first = []
        self.shown = shown

    def add(self, about, sentence):
        self.count += 1
        if len(self.first) < self.shown:
            self.first.append("%s: %s" % (about, sentence))


def json_value(text):
    return None if text is None else parse(text)[0]


def judge_cover(key, expected, database, findings):
    """A cover set before stays as it was; another one is what is expected, a value or None."""
    now = json_value(database.covers.get(key))
    before = json_value(database.before.get(key))
    if before is not None:
        if not same_print(now, before):
            findings.add(key, "its cover was set and is changed")
    elif not same_print(now, expected):
        findings.add(key, "cover %r, expected %r" % (now, expected))


def judge_untouched(key, database, findings):
    """A chapter in a chunk that is not done: nothing of it may be there."""
    if key in database.sections:
        findings.add(key, "has sections, and its chunk is not done")
    if key in database.rejects:
        findings.add(key, "is rejected, and its chunk is not done")
    judge_cover(key, None, database, findings)


def judge_rejected(key, outcome, database, findings):
    records = database.rejects.get(key, [])
    if key in database.sections:
        findings.add(key, "is rejected and has sections")
    judge_cover(key, None, database, findings)
    if len(records) != 1:
        findings.add(key, "must be rejected (%s), rejects: %d" % (sorted(outcome.codes), len(records)))
    for code, place, message in records:
        if code not in outcome.codes:
            expected = sorted(outcome.codes) or "none"
            findings.add(key, "rejected as %s, expected %s (%s)" % (code, expected, message))
        if place is None or not message:
            findings.add(key, "its reject lacks the place or the message")


def section_id(key, order):
    return str(uuid.uuid5(NAMESPACE, "%s/%d" % (key, order)))


def judge_rows(key, rows, outcome, has_images, findings):
    """The rows against the recomputed sections; returns them as (title, content, image, attributes)."""
    held = []
    if len(rows) != len(outcome.sections):
        findings.add(key, "%d sections, expected %d" % (len(rows), len(outcome.sections)))
    for number, section in enumerate(rows):
        if section.order != number:
            findings.add(key, "order_index %d where %d is expected" % (section.order, number))
        if section.id != section_id(key, section.order):
            findings.add(key, "section %d: id %s is not the UUIDv5" % (number, section.id))
        expected = outcome.sections[number] if number < len(outcome.sections) else None
        # A picture that was dropped is judged where it went.
        image = json_value(section.image) if has_images or not expected else expected[2]
        attributes = {} if section.attributes == "{}" else json_value(section.attributes)
        row = (section.title, section.content, image, attributes)
        held.append(row)
        if not expected:
            continue
        for name, now, then in zip(("title", "content", "image", "attributes"), row, expected):
            if not same_print(now, then):
                findings.add(key, "section %d: %s is %.200r, expected %.200r" % (number, name, now, then))
    return held


def judge_chapters(database, findings):
    """Every chapter; returns how many of each outcome there are, the unmapped keys by name, and the picture of each
    section that must be there, as (section, chapter, picture)."""
    counts, unmapped, owned = collections.Counter(), collections.Counter(), []
    types = database.content_type, database.images_type
    has_images = "image" in database.section_columns
    for key, content, images in database.chapters:
        if not database.is_done("sections", key):
            judge_untouched(key, database, findings)
            continue
        outcome = recompute(content, types[0], images, types[1], database.codec)
        if outcome.codes or key in database.rejects:
            counts["rejected"] += 1
            judge_rejected(key, outcome, database, findings)
            continue
        counts["migrated" if outcome.sections else "empty"] += 1
        # The ledger shows names with control characters escaped as in JSON.
        unmapped.update(name.translate(_CONTROLS) for name in outcome.unmapped)
        judge_cover(key, outcome.cover, database, findings)
        owned += ((section_id(key, n), key, section[2]) for n, section in enumerate(outcome.sections))
        held = judge_rows(key, database.sections.get(key, []), outcome, has_images, findings)
        objects = [image for _, _, image, _ in held if image is not None] + [more for _, _, _, more in held]
        if not all(isinstance(item, dict) for item in objects):
            findings.add(key, "an image or attributes is no object")
            continue
        for loss in losses(content, types[0], images, types[1], held):
            findings.add(key, "lost: " + loss)
    return (counts["migrated"], counts["empty"], counts["rejected"]), dict(unmapped), owned


def judge_ledger(database, counted, unmapped, findings):
    sums = database.stage_sums()
    for (run, stage), (read, *outcomes) in sums.items():
        if read != sum(outcomes):
            findings.add("stage %s of run %s" % (stage, run), "read %d is not the sum of its outcomes" % read)
    if database.options.changed:
        return
    own = sums.get((database.run, database.options.stage))
    if own is None and database.options.unfinished:
        own = (0, 0, 0, 0)
    if own is None or own[1:4] != counted:
        difference = "(migrated, empty, rejected) is %s, expected %s" % (own and own[1:4], counted)
        findings.add("stage %s" % database.options.stage, difference)
    shown = database.unmapped()
    if shown is not None and shown != unmapped:
        findings.add("unmapped keys", "the ledger counts %s, expected %s" % (shown, unmapped))


def judge_chunks(database, findings):
    """Whether the chunks of every stage that was planned hold each key once."""
    for stage, keys in (database.progress.all_misplaced().items() if database.progress else ()):
        for key in keys:
            findings.add(key, "is not in exactly one chunk of stage " + stage)


def judge_completeness(database, findings):
    """Whether the chapters were read, and every chunk that was planned is done."""
    if database.run_of("sections") is None:
        findings.add("stage sections", "was never begun")
    for stage, left in database.chunks_left():
        findings.add("stage " + stage, "%s chunks are not done" % left)


def judge(options):
    findings = Findings()
    database = Database(options)
    pictures = judge_tables(database, findings)
    return conclude(database, pictures, findings)


def judge_tables(database, findings):
    """All tables and what the ledger says of them; returns how many pictures there are, or None."""
    options = database.options
    counted, unmapped, images = judge_chapters(database, findings)
    judge_ledger(database, counted, unmapped, findings)
    known = {key for key, _, _ in database.chapters}
    for key in database.sections.keys() - known:
        findings.add(key, "has sections but is no chapter")
    for key in database.rejects.keys() - known:
        findings.add(key, "is in rejects but is no chapter")
    if not options.changed:
        for key in database.touched_chapters():
            findings.add(key, "a column that is the application's has changed, or the chapter came or went")
    wrong = database.wrong_section_ids_in_sql()
    if wrong:
        findings.add("ids", "%d differ from uuid_generate_v5" % wrong)
    judge_chunks(database, findings)
    if database.section_columns and "image" not in database.section_columns and not options.pictures:
        findings.add("chapter_sections", "has no column image: judge its pictures with --pictures")
    pictures = judge_pictures(database, images, findings) if options.pictures else None
    if options.image_ids:
        judge_image_ids(database, images, findings)
    return pictures


def conclude(database, pictures, findings):
    """Prints the first differences, or what there is; returns the exit code."""
    for line in findings.first:
        print(line)
    if findings.count:
        print("judge: %d differences, the first %d above" % (findings.count, len(findings.first)))
        return 1
    sections = sum(map(len, database.sections.values()))
    print("judge: %d chapters, %d sections, %s%d rejects: all as the contract says" % (
        len(database.chapters), sections, "" if pictures is None else "%d pictures, " % pictures,
        len(database.rejects)))
    return 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--dsn", required=True, help="a connection string for psql")
    arguments.add_argument("--schema", default="public")
    arguments.add_argument("--ledger", default="etl")
    arguments.add_argument("--stage", default="sections", help="the stage that is judged")
    arguments.add_argument("--run", help="a run's id; without it the latest with that stage")
    arguments.add_argument("--source", default="chapters",
                           help="a table with id, content and images as they were")
    arguments.add_argument("--pictures", action="store_true", help="memoir_images, too")
    arguments.add_argument("--image-ids", action="store_true", help="chapter_sections.image_id, too")
    arguments.add_argument("--covers-before",
                           help="a file of id and cover_image, as COPY TO STDOUT prints them")
    arguments.set_defaults(unfinished=False, sql_ids=True)
    arguments.add_argument("--changed", action="store_true",
                           help="chapters came, went or were retried since: do not compare counts with them")
    options = arguments.parse_args()
    sys.setrecursionlimit(20000)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return judge(options)
    except psql.QueryFailed as failure:
        print("judge: %s" % failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
