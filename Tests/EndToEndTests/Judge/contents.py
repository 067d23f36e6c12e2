"""Random content columns: blocks, wrappers, Markdown, and the faults."""

from chapters import NUMBERS, REFUSED_NUMBERS, Chapters, Pairs, Raw, dump

LIST_KEYS = ["sections", "blocks", "paragraphs"]
UNMAPPED = ["title", "version", "meta", "blocks", "paragraphs", "作者", "é", "e\u0301"]


class Contents(Chapters):
    """Chapters whole: `good()` and `bad()` give (content, images) as column texts, None for NULL."""

    def good(self):
        random = self.random
        if self.style != "prose" and random.random() < 0.06:
            empty = [None, "null", '""', "[]", "[null]", '[" "]', '{"title": null}', '{"blocks": []}']
            if self.content_type == "text":
                empty = [None, "", " \n\t", "\ufeff", "[]", '{"text": ""}', "\x0b\f"]
            return random.choice(empty), self.images_column(self.elements())
        elements = self.elements()
        if self.style == "prose" or random.random() < 0.35:
            return self.markdown_column(elements), self.images_column(elements)
        ascii_only = random.random() < 0.15
        value = self.value(elements)
        text = dump(value, ascii_only, random.choice(["", " ", " "]))
        return self.around(text, self.content_type), self.images_column(elements)

    # Blocks

    def value(self, elements):
        random = self.random
        roll = random.random()
        if roll < 0.1:
            return self.one_block(elements)
        most = 2 if self.style == "small" else 8
        if roll < 0.25:
            blocks = [self.text() for _ in range(random.randint(1, most))]
        else:
            blocks = [self.block(elements) for _ in range(random.randint(1, most))]
        return blocks if roll < 0.6 else self.wrapper(blocks)

    def wrapper(self, blocks):
        random = self.random
        position = random.randrange(3)
        value = {LIST_KEYS[position]: blocks}
        for key in LIST_KEYS[:position]:
            if random.random() < 0.2:
                value[key] = random.choice(["", None, {}, "not a list", Raw("5")])
        if random.random() < 0.15:
            key = random.choice(UNMAPPED)
            value.setdefault(key, random.choice([self.prose(), Raw("2"), "", None, [], {}, False, {"a": ["b"]}]))
        if self.loose_content and random.random() < 0.03:
            lost = [Raw('"\\u0000"'), Raw('"\\ud83d"'), [Raw("1e9999999")]]
            value[random.choice(["legacy", Raw('"k\\u0000"')])] = random.choice(lost)
        return value

    def one_block(self, elements):
        block = self.block_object(elements)
        if not any(key in block for key in ("title", "heading", "content", "text", "body")):
            block["text"] = self.text()
        return block

    def block(self, elements):
        roll = self.random.random()
        if roll < 0.15:
            return self.text()
        if roll < 0.19:
            return None
        if roll < 0.27:
            return self.image_block(elements)
        block = self.block_object(elements)
        if self.loose_content and roll > 0.97:
            return self.doubled(block)
        return block

    def block_object(self, elements):
        random = self.random
        block = {}
        if random.random() < 0.5:
            block[random.choice(["title", "title", "heading"])] = random.choice([self.sentences[0], "一", " ", "", None])
        if random.random() < 0.9:
            block[random.choice(["content", "text", "text", "body"])] = self.text()
        if random.random() < 0.1:
            block.setdefault(random.choice(["heading", "body", "text", "title"]), random.choice(["又", "", None]))
        self.add_pictures(block, elements)
        if random.random() < 0.1:
            block["type"] = random.choice(["text", "image", "Image", None, Raw("3")])
        if random.random() < 0.15:
            block[random.choice(["style", "id", "url", "é", "e\u0301", ""])] = self.attribute()
        return block

    def attribute(self):
        kinds = [Raw(self.random.choice(NUMBERS[:15])), {"n": [Raw("1.0"), None]}, "值", None, "", [], {}, True]
        return self.random.choice(kinds)

    def add_pictures(self, block, elements):
        random = self.random
        if random.random() < 0.3:
            block["image"] = random.choice([None, []]) if random.random() < 0.1 else self.form(elements)
        if random.random() < 0.15:
            block["image_index"] = self.index(elements)
        if random.random() < 0.1:
            block["images"] = [self.form(elements) for _ in range(random.randint(0, 4))]

    def index(self, elements):
        """An integer that names an element, in one of its spellings, or null."""
        there = [n for n, element in enumerate(elements) if element is not None]
        if not there:
            return None
        number = self.random.choice(there)
        spellings = [str(number)] * 6 + ["%de0" % number, "-0" if number == 0 else "%dE+0" % number]
        return Raw(self.random.choice(spellings))

    def form(self, elements):
        random = self.random
        roll = random.random()
        number = self.index(elements) if roll < 0.3 else None
        if number is not None:
            return number
        known = [element for element in elements if element] or [self.url()]
        element = random.choice(known)
        if roll < 0.6:
            return self.url() if isinstance(element, dict) or roll < 0.4 else element
        if roll < 0.7:
            return self.element()
        if isinstance(element, str):
            return {"url": element}
        members = [(key, self.respelt(item)) for key, item in element.items() if random.random() < 0.8]
        random.shuffle(members)
        return dict(members)

    def respelt(self, item):
        """An equal number in another spelling: jsonb takes 640 and 640.0 for the same."""
        if item == "640" and isinstance(item, Raw):
            return Raw(self.random.choice(["640", "640.0", "64e1", "6400e-1"]))
        return item

    def image_block(self, elements):
        form = self.form(elements)
        picture = form if isinstance(form, dict) else {"url": self.url(), "caption": "图"}
        block = {"type": "image"}
        block.update((key, item) for key, item in picture.items() if key not in ("type", "image", "images"))
        if self.random.random() < 0.3:
            block[self.random.choice(["text", "title", "image"])] = None
        if self.random.random() < 0.2:
            block["images"] = []
        return block

    # Markdown

    def markdown_column(self, elements):
        text = self.markdown(elements)
        if self.content_type != "text":
            return dump(text, self.random.random() < 0.15)
        openings = ["[1998年] ", "{{no}} ", "1950", "null", '"', "[[", "{", "\ufeff", " \ufeff", "[] "]
        return (self.random.choice(openings) if self.random.random() < 0.2 else "") + text

    def markdown(self, elements):
        random = self.random
        lines = []
        for _ in range(random.randint(1, 3 if self.style == "small" else 7)):
            roll = random.random()
            if roll < 0.25:
                lines.append("#" * random.randint(1, 6) + " " + random.choice(["一章 ", "", "T {{image:0}}", " # "]))
            elif roll < 0.55:
                lines.append(self.prose() + self.markup(elements) + self.markup(elements) + self.prose())
            elif roll < 0.62:
                opening, closing = random.choice([("```", "```"), ("~~~~ py", "~~~ x"), ("  ```{{image:9}}", " `````")])
                lines += [opening, "# no", random.choice(["~~~~", "    ~~~"]) if "`" in opening else "```", "{{image:99}}"]
                if random.random() < 0.1:
                    break  # A fence that nobody closes reaches to the end.
                lines.append(closing)
            elif roll < 0.7:
                lines.append(random.choice(["#no", "#\tx", "####### 7", " # in", "{{image", "![a](u v)", "", "]("]))
            else:
                lines += [self.prose(), ""]
        return random.choice(["\n", "\n", "\r\n", "\r"]).join(lines)

    def markup(self, elements):
        random = self.random
        roll = random.random()
        if roll < 0.3:
            return ""
        number = self.index(elements)
        if roll < 0.6 and number is not None:
            word = random.choice(["image", "image", "Image", " IMAGE\t"])
            return "{{" + word + ":" + random.choice(["", " ", "0"]) + str(int(float(number))) + random.choice(["", " "]) + "}}"
        known = [item for item in elements if isinstance(item, str)] + [self.url(), "a_(b).png", '"t"']
        title = random.choice(["", "", ' "t"', '\t"a (b)" '])
        return "![" + random.choice(["", "老屋", " a ", "[x"]) + "](" + random.choice(known) + title + ")"

    # Faults

    def bad(self):
        """A chapter with one fault, of a kind that these columns can hold."""
        content, images = self.good()
        kinds = [self.bad_images, self.unknown_shape, self.bad_section, self.missing_image, self.too_deep]
        if self.content_type == "text" or self.images_type == "text":
            kinds.append(self.malformed)
        if self.loose_content or self.loose_images:
            kinds += [self.bad_text, self.number_range]
        return self.random.choice(kinds)(content, images)

    def bad_images(self, content, _):
        wrong = ["7", "true", '""', '["a", false]', "[[]]", '[{"url": "a"}, 3]', '[""]']
        return content, self.random.choice(wrong)

    def unknown_shape(self, _, images):
        wrong = ['{"foo": 1}', "{}", '{"type": "image", "url": "u"}', '{"sections": {"a": 1}}']
        return self.random.choice(wrong if self.content_type == "text" else wrong + ["42", "true", "-1.5e3"]), images

    def bad_section(self, _, images):
        blocks = [3, True, [], {"title": 7}, {"text": "x", "body": {}}, {"image": ""}, {"image_index": "0"},
                  {"images": {}}, {"images": [None]}, {"image": 1.0, "text": "x"}, {"type": "image", "heading": False},
                  {"image_index": Raw("1.0")}, {"image": True}]
        return dump([self.prose(), self.random.choice(blocks)]), images

    def missing_image(self, _, images):
        block = self.random.choice([{"image_index": Raw("99")}, {"image": Raw("-1")}, {"images": [Raw("1e9")]}])
        if self.random.random() < 0.5:
            return dump([self.prose(), block]), images
        marker = self.random.choice(["{{image:99}}", "{{image:}}", "{{ image : nobody }}"])
        text = self.prose() + marker
        return text if self.content_type == "text" else dump(text), images

    def too_deep(self, content, images):
        depth = self.random.choice([511, 600, 5000])
        nest = "[" * depth + "]" * depth
        if self.random.random() < 0.5:
            return '[{"text": "t", "x": ' + nest + "}]", images
        return content, '[{"url": "u", "x": ' + nest + "}]"

    def malformed(self, content, images):
        broken = ['[{"title": "x", ', '{ "sections": [1,]}', '["a"', '[ "a"] x', '{"a": NaN}', '["tab\t"]']
        if self.content_type == "text":
            return self.random.choice(broken), images
        return content, self.random.choice(broken + ["[1", "{http://a}", '"x'])

    def bad_text(self, content, images):
        wrong = Raw(self.random.choice(['"a\\u0000"', '"\\ud800"', '"x\\udc00y"', '"\\ud83d\\ud83d\\ude00"']))
        if self.loose_content and (not self.loose_images or self.random.random() < 0.5):
            values = [[wrong], [{"title": wrong}], [{"text": "t", "x": {"y": [wrong]}}], [{"image": wrong}]]
            values += [[Pairs([("text", "t"), (wrong, "key")])]]
            return dump(self.random.choice(values)), images
        return content, dump(["a", {"url": "u", "caption": wrong}])

    def number_range(self, content, images):
        wrong = Raw(self.random.choice(REFUSED_NUMBERS))
        if self.loose_content and (not self.loose_images or self.random.random() < 0.5):
            return dump([{"text": "t", "n": [wrong]}]), images
        return content, dump([{"url": "u", "n": wrong}])
