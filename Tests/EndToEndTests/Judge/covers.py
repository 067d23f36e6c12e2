"""Random covers as the application may have set them: every kind that a jsonb column holds."""

from chapters import Raw, dump
from contents import Contents

# Of the keys that become columns, values that do and values that do not.
ODD = ['{"url": 7, "src": "s.jpg", "image_url": "i.jpg"}', '{"url": null, "caption": 1, "alt": "", "width": "640"}',
       '{"src": "", "url": "旧.png", "description": "d", "alt": {"de": "a"}, "width": 1e2, "height": -0}',
       '{"width": 2147483647, "height": 2147483648}', '{"width": -2147483648, "height": -2147483649}',
       '{"width": 640.0, "height": 1e9999}', '{"id": "x", "section_id": null, "attributes": {"url": 1.10}}', "{}",
       '{"caption": "\\t\\r\\n\\\\N", "": [], "width": true, "height": 12345678901234567890123}',
       '{"url": "u", "x": ' + "[" * 511 + "]" * 511 + "}"]
BAD = ["7", "-1.50", "[]", '["old.jpg"]', '[{"url": "a"}]', '""', "true", "false",
       '{"url": "u", "x": ' + "[" * 512 + "]" * 512 + "}"]


class Covers:
    """Gives one cover at a time, as the text of its column; None for NULL."""

    def __init__(self, random, bad):
        self.random = random
        self.bad = bad
        self.pictures = Contents(random, "jsonb", "jsonb", "small")

    def existing(self):
        """One of a few that are all as they should be."""
        if self.random.random() < 0.7:
            return None
        return self.random.choice(['{"url": "old.jpg", "n": 1.10}', '"old.jpg"', "{}", '{"url": "旧.png"}'])

    def every(self):
        """One of every kind, some of them no picture."""
        roll = self.random.random()
        if roll < self.bad:
            return self.random.choice(BAD)
        roll = self.random.random()
        if roll < 0.4:
            return None
        if roll < 0.5:
            return "null"
        if roll < 0.75:
            return dump(self.pictures.element())
        if roll < 0.85:
            return dump(self.pictures.url())
        if roll < 0.88:
            return dump(self.pictures.random.choice(["\u3000", "{}", "null", "e\u0301", Raw('"\\u2028"')]))
        return self.random.choice(ODD)
