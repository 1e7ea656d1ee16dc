"""The same objects in other words: comments, blank lines, separators, byte order marks, JSON. Most of it changes nothing; some of it must be refused by both."""
import json

from random_objects import Raw


def decorated(rng, text):
    """`text` (YAML) with a few of these."""
    lines = text.split("\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        indent = len(lines[at]) - len(lines[at].lstrip(" "))
        dice = rng.random()
        if dice < 0.35:
            lines.insert(at, " " * rng.choice([indent, indent, 0, indent + 2]) + rng.choice(["# a comment", "#no blank", "# key: value", "# - item"]))
        elif dice < 0.65:
            if lines[at] and not lines[at].endswith(("|", ">", "\\")):
                lines[at] += rng.choice([" # trailing", "  # two blanks", "\t# tab", "   "])
        elif dice < 0.85:
            lines.insert(at, rng.choice(["", "", "  ", " " * indent]))
        else:
            lines.insert(0, rng.choice(["---", "--- # first", "# head\n---", "\ufeff# mark", "%YAML 1.1\n---", "---\n---", "# only a comment\n\n---"]))
    text = "\n".join(lines)
    if rng.random() < 0.2:
        text += rng.choice(["---\n", "---\n# nothing\n", "...\n", "\n\n", "--- \n{}\n", "---\nnull\n"])
    return text


def as_json(value):
    """`value` as JSON text; nothing where a scalar's text matters."""
    def has_raw(one):
        if isinstance(one, dict):
            return any(has_raw(v) for v in one.values())
        if isinstance(one, list):
            return any(has_raw(v) for v in one)
        return isinstance(one, Raw)
    return None if has_raw(value) else json.dumps(value, indent=2, ensure_ascii=False) + "\n"
