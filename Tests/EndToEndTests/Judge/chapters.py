"""Random memoir chapters: every shape of content and images that the contract knows, and every fault."""

from json.encoder import encode_basestring, encode_basestring_ascii

EMOJI = ["😀", "👨‍👩‍👧", "🏮", "e\u0301", "é", "\u2028", "\ufeff", "𠮷"]
ENGLISH = ["We moved in the spring.", "Nobody said a word.", 'He wrote "wait" on the wall.', "C:\\old\\photos"]
CHARACTERS = (
    "我生于一九五零年春天母亲在河边洗衣父亲去了上海老屋门前有棵槐树那时候家里很穷但是大家都高兴"
    "后来上学要走十里山路下雨天就住在同学家冬天炉火旁奶奶讲故事弟妹们听得入迷火车开了三天三夜"
)
NUMBERS = ["0", "-0", "7", "-12", "640", "1.10", "1e2", "1E-7", "-0.0", "100e-2", "12345678901234567890123",
           "18446744073709551615", "9223372036854775808", "0.1000000000000000055511151231257827", "1e400",
           "1e131071", "1e-16383", "0e5", "3.14159", "1e0000000002"]
REFUSED_NUMBERS = ["1e131072", "1e-16384", "1e1073741823", "-1e99999999999999999999", "0e1073741823"]


class Raw(str):
    """JSON source text that is written as it is."""


class Pairs(list):
    """The members of an object, where a key may come twice."""


def dump(value, ascii_only=False, space=" "):
    """JSON text of a value, members in the order given."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        return encode_basestring_ascii(value) if ascii_only else encode_basestring(value)
    if isinstance(value, (dict, Pairs)):
        members = value.items() if isinstance(value, dict) else value
        parts = [dump(k, ascii_only) + ":" + space + dump(v, ascii_only, space) for k, v in members]
        return "{" + ("," + space).join(parts) + "}"
    if isinstance(value, list):
        return "[" + ("," + space).join([dump(item, ascii_only, space) for item in value]) + "]"
    return {None: "null", True: "true", False: "false"}[value] if value in (None, True, False) else str(value)


class Chapters:
    """Makes the two columns of one chapter at a time, from one source of randomness."""

    def __init__(self, random, content_type, images_type, style):
        self.random = random
        self.content_type = content_type
        self.images_type = images_type
        self.style = style
        self.sentences = [self._sentence() for _ in range(3000)]
        # What an exact `json` or `text` column can hold and jsonb cannot.
        self.loose_content = content_type != "jsonb"
        self.loose_images = images_type != "jsonb"

    def _sentence(self):
        random = self.random
        start = random.randrange(len(CHARACTERS))
        text = (CHARACTERS[start:] + CHARACTERS)[: random.randint(6, 40)]
        roll = random.random()
        if roll < 0.05:
            text += random.choice(EMOJI)
        elif roll < 0.1:
            text = random.choice(ENGLISH)
        elif roll < 0.13:
            text += " \t# {{no}} ![x]( y z ) [1998]"
        return text + random.choice("。！？，") + random.choice(["", "", " ", "\u3000"])

    def prose(self):
        random = self.random
        most = {"small": 1, "mixed": 9, "prose": 24}[self.style]
        start = random.randrange(len(self.sentences) - most)
        return "".join(self.sentences[start : start + random.randint(1, most)])

    def text(self):
        """A text value: mostly prose, sometimes blank, opened by an ideographic space, or with CRLF."""
        roll = self.random.random()
        if roll < 0.8:
            return self.prose()
        if roll < 0.85:
            return "\u3000\u3000" + self.prose() + "\n\n" + self.prose()
        if roll < 0.9:
            return " " + self.prose() + "\r\n" + self.prose() + "\t\n"
        if roll < 0.94:
            return "# " + self.prose() + " {{image:0}} ![a](b)"
        return self.random.choice(["", " ", "\n\t", "\u3000", "0", "null", "\\", '"', "{}", "\x0b\x7f"])

    # Pictures

    def url(self):
        return "https://cdn.example/%d/%s.jpg" % (self.random.randrange(10**6), self.random.choice("abcd"))

    def element(self):
        """A picture as an object with numbers and keys of all kinds."""
        random = self.random
        picture = {random.choice(["url", "url", "url", "src", "image_url"]): self.url()}
        if random.random() < 0.5:
            picture[random.choice(["caption", "alt", "description"])] = random.choice(self.sentences)
        if random.random() < 0.4:
            picture["width"] = Raw(random.choice(NUMBERS[:10]))
            picture["height"] = Raw(random.choice(NUMBERS) if random.random() < 0.02 else "480")
        if random.random() < 0.2:
            picture["seed"] = Raw(random.choice(NUMBERS[:14] + NUMBERS[17:]))
        if random.random() < 0.1:
            picture["placeholder"] = "{{image:" + random.choice(["老屋", "p 1", "0", "x"]) + "}}"
        if random.random() < 0.1:
            picture[random.choice(["id", "key", "placeholder"])] = random.choice(["p1", "1", "é", "e\u0301"])
        if random.random() < 0.05:
            picture["meta"] = {"tags": ["a", None, True, {"n": Raw("1.50")}], "": "", "é": 1, "e\u0301": 2}
        if random.random() < 0.02:
            picture["type"] = "image"
        return picture

    def elements(self):
        random = self.random
        count = random.choice([0, 0, 1, 1, 2, 3, 5]) if self.style != "small" else random.choice([0, 0, 1, 2])
        made = []
        for _ in range(count):
            roll = random.random()
            if roll < 0.55:
                made.append(self.element())
            elif roll < 0.85:
                made.append(self.url())
            elif roll < 0.92:
                made.append(None)
            else:
                made.append(made[-1] if made else {})
        return made

    def images_column(self, elements):
        """The text of the images column for these elements, or None for NULL."""
        random = self.random
        if not elements:
            shapes = [None, "null", "[]", "[null]"]
            return random.choice(shapes + ["", " \n\t"] if self.images_type == "text" else shapes)
        value = elements
        if len(elements) == 1 and elements[0] is not None and random.random() < 0.4:
            value = elements[0]
            if self.images_type == "text" and isinstance(value, str) and random.random() < 0.7:
                return random.choice(["", " ", "\ufeff"]) + value + random.choice(["", "\n"])
        if self.loose_images and isinstance(value, list) and random.random() < 0.1:
            value = [self.doubled(item) for item in value]
        return self.around(dump(value, random.random() < 0.2, random.choice(["", " "])), self.images_type)

    def around(self, text, column_type):
        """The text with white space (and a byte order mark) around it, where the column keeps such."""
        if column_type == "jsonb" or self.random.random() < 0.7:
            return text
        if column_type == "text":
            mark = self.random.choice(["", "\ufeff", "\ufeff \x0b"])
            return mark + self.random.choice(["", " ", "\n\f"]) + text + self.random.choice(["", "\r\n", " "])
        return " " + text + "\n"

    def doubled(self, item):
        """An object with a member given twice, the first one to be forgotten, whatever it holds."""
        if not isinstance(item, dict) or not item:
            return item
        key = self.random.choice(list(item))
        lost = self.random.choice([Raw('"\\u0000"'), Raw('"\\ud800"'), Raw("1e999999"), "lost", None])
        return Pairs([(key, lost)] + list(item.items()))
