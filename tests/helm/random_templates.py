"""Random but plausible templates: typed expressions over the functions that Helm has, and statements around them.

Everything is made by one random.Random, so that a seed always makes the same text. What depends on chance, time or the order of Go's maps is left out.
"""

STRINGS = [
    '""', '"hello"', '"a,b,c"', '"héllo wörld"', '"日本"', '"foo_bar-Baz"', '"HTTPServer2Go"', '"123"', '"-7"', '"1.5"', '"0x1f"', '"010"', '"08"', '"1e3"', '"true"', '"no"',
    '"null"', '"~"', '"a/b/../c.tar.gz"', '`raw \\n "q"`', '"line1\\nline2\\n"', '"  pad  "', '"\\t"', '"😀 x"', '"<b>&\'\\""', '"a: b"', '"- x"', '"x #y"', '"a-very-long-name-'
    'that-goes-on-and-on-for-more-than-sixty-three-characters-in-all"', '"the quick brown fox jumps over the lazy dog and runs away from the hunters of the king of the hill"',
    '"2001-01-01"', '"12:30:45"', '"\\x00\\x7f"', '"\\u00a0\\u2028"', '"{{ .Values.name }}"', '"aGVsbG8="', '"!!"', '"a\\r\\nb"', '"*x"', '"&y"', '"%"', '"@"', '".5"', '"+1"', '"1_000"',
    '"one two  three"', '"$1"', '"CamelCase snake_case kebab-case"', '"ß"', '"ǆ"', '"İ"', '"\\xff\\xfe"', '"[a]"', '"{a: 1}"', '"<no value>"', '"0b11"', '"0o17"', '".inf"', '"NaN"',
]
SMALL = ["0", "1", "2", "3", "-1", "5", "7", "10", "-3", "'a'", "0x4", "(len .Values.list)", "(int .Values.port)"]
INTS = SMALL + ["100", "-42", "65536", "2147483647", "-2147483649", "9223372036854775807", "-9223372036854775808", "1_000", "0b101", "0o17", "1000000", "(int64 .Values.big)"]
FLOATS = ["0.0", "1.5", "-2.5", "1e3", "1e21", "1e-7", "3.14159", "1e6", "123456789.0", "0.1", "-0.0", ".Values.port", ".Values.ratio", ".Values.big", "2.5", "0x1p4", "(float64 \"1e400\")"]
BOOLS = ["true", "false", ".Values.on", ".Values.off", "(not true)", '(eq 1 1)', '(empty "")', '(hasKey .Values "name")']
LISTS = ['(list "c" "a" "b")', "(list 3 1 2)", "(list)", '(list 1 "a" nil true 2.5)', '(list (list 1 2) (dict "a" 1))', ".Values.list", ".Values.numbers", ".Values.mixed", ".Values.empties.list",
         '(list "" 0 false nil "x")', '(list "a" "b" "a" "c" "b")', "(tuple 1 2)"]
OTHER_LISTS = ['(splitList "," "a,b,c")', "(until 3)", "(untilStep 0 10 3)", '(sortAlpha (list "b" "a"))', "(toStrings (list 1 nil true))", "(chunk 2 (list 1 2 3))",
               '(regexFindAll "[a-c]" "abcabc" -1)', ".Capabilities.APIVersions", "nil", "(keys (dict \"only\" 1))"]
DICTS = ['(dict "a" 1 "b" "two")', "(dict)", '(dict "a" (dict "b" (dict "c" 3)) "x" nil)', ".Values.map", ".Values.nested", ".Values.empties.map", '(dict "z" 1 "A" 2 "_" 3 "a10" 4 "a9" 5)',
         '(dict "n" nil "e" "" "f" false "l" (list 1))', '(dict "k")', "(fromYaml \"a: 1\\nb: {c: [1, 2]}\")", '(dict "true" 1 "1" 2 "y" 3 "" 4)', ".Values.labels"]
OTHER_DICTS = ['(split "." "a.b.c")', '(splitn "." 2 "a.b.c")', ".Values", "(urlParse \"http://h/p\")", ".Values.missing", ".Chart.Annotations", "(.Values.AsMap)", "(deepCopy .Values.map)"]
REGEX = ['"[a-z]+"', '"(a)(b)?"', '"^h"', '"\\\\d+"', '"("', '"(?i)HELLO"', '"a*"', '""', '"[^a-z]"', '"\\\\bfoo"', '"(?P<n>l+)"', '"\\\\s+"', '"x{2,3}"', '"é|ö"', '"."', '"$"', '"a{1001}"', '"\\\\pL"']
VERSIONS = ['"1.2.3"', '"v1.21.3-gke.100"', '"1.2"', '"1"', '"1.2.3-beta.1+meta"', '"0.0.3"', '"0.2.9"', '"01.2.3"', '"x"', '"1.2.3.4"', '""', '"1.33.0"', ".Capabilities.KubeVersion.Version", ".Chart.Version",
            '"1.2.3-01"', '"2.0.0-rc.1"', '"99999999999999999999.0.0"', '"1.2.3-"', '" 1.2.3"']
CONSTRAINTS = ['">=1.2.0"', '"^1.2.3"', '"~1.2"', '"1.x"', '">=1.20-0"', '"<2 || >3"', '"1.2 - 1.4"', '"!=1.2"', '"*"', '""', '"=>1.0, <2"', '"^0.2"', '"^0.0.3"', '">1.2"', '"<=1.2"', '"~>1"', '"1.2.3"', '">= 1.0 < 3"',
               '"foo"', '"> 1.0.0-alpha"', '"=v1.2.3"', '"1.2.3 - "', '"^1.2.x"', '"!1.0"']
LAYOUTS = ['"2006-01-02"', '"2006-01-02T15:04:05Z07:00"', '"15:04:05.000"', '"Mon Jan _2 3:04PM 06"', '"x"', '"02.01.2006"', '"MST -0700"', '"January 002"', '".999"']
ZONES = ['"UTC"', '"Europe/Berlin"', '"America/New_York"', '"Nowhere/Land"', '"Local"', '""']
DURATIONS = ['"2h45m"', '"90s"', '"1.5h"', '"-3m"', '"x"', '"95"', '"1ms"', '""', '"100000h"', '"1d"', '"2m3s4ms"', '"+5s"']
TIMES = ['(toDate "2006-01-02" "2017-12-31")', '(mustToDate "2006-01-02 15:04" "2024-02-29 23:59")', '(toDate "2006" "bad")']
STAMPS = ["0", "1700000000", "-5000000000", "4102444800", "(int .Values.port)", "(int64 \"1e9\")"]
PATHS = ['"a/b/../c.txt"', '"/"', '""', '"."', '"/a//b/"', '"x.tar.gz"', '"../.."', '".hidden"', '"a\\\\b"']
URLS = ['"https://u:p@ex.com:80/p/a%20b?q=1&r#f"', '"/only/path"', '"mailto:x@y.z"', '"://bad"', '"http://[::1]:8080"', '""', '"http://h/%zz"', '"HTTP://H"', '"//h/p"', '"a:b"']
YAMLS = ['"a: 1\\nb: [x, y]"', '"- 1\\n- a"', '"a: *x"', '"{"', '"null"', '""', '"a: 0x1f\\nb: 1e3\\nc: 0o17\\nd: 010\\ne: 1_000"', '"x"', '"a: yes\\ny: n\\n1: 2"', '"a: &q 1\\nb: *q"', '"a: 2001-01-01\\nb: .inf"',
         '"a: |\\n  t\\n  u\\nb: >\\n  f\\n  g"', '"a: !!str 1\\nb: !!int \\"2\\""', '"a: 1\\na: 2"', '"---\\na: 1\\n---\\nb: 2"', '"a:\\n\\t- b"', '"? [a]\\n: b"', '"<<: {a: 1}\\nb: 2"', '"a: \'it\'\'s\'"', '"a: 12345678901234567890"']
JSONS = ['"{\\"a\\":1,\\"b\\":[true,null,\\"x\\"]}"', '"[1,2.5,\\"a\\"]"', '"{"', '"1"', '"null"', '"\\"s\\""', '""', '"{\\"a\\":1}x"', '"{\\"a\\":1e400}"', '"{\'a\':1}"', '"{\\"a\\":\\"\\\\u00e9\\\\ud83d\\\\ude00\\"}"', '"[1,]"', '" {} "', '"{\\"a\\":01}"']
TOMLS = ['"a = 1\\nb = [1, 2]\\n[t]\\nc = \\"x\\""', '"a ="', '""', '"a = 1979-05-27T07:32:00Z"', '"[[p]]\\nx = 1\\n[[p]]\\nx = 2.5"', '"a = 1\\na = 2"', '"k = 0x1f\\nf = inf"', '"a.b = true"', "\"s = '''m\\nn'''\""]
TEXTS = ['"{{ .Values.name }}-{{ .Release.Name }}"', '"{{ include \\"c.name\\" . }}"', '"{{ define \\"t\\" }}x{{ . }}{{ end }}{{ template \\"t\\" 5 }}"', '"{{ .Values.nope.x }}"', '"{{ bad"', '"plain"', ".Values.tmpl",
         '"{{ range .Values.list }}{{ . }};{{ end }}"', '"{{ fail \\"no\\" }}"', '"{{ tpl .Values.tmpl . }}"', '"{{ nofunc 1 }}"', '"{{ index .Values.list 9 }}"']
FORMATS = ['"%s"', '"%v"', '"%d"', '"%q"', '"%5.2f"', '"%x"', '"%-8s|"', '"%05d"', '"%T"', '"%t"', '"%+v"', '"%#v"', '"%s-%s"', '"%[2]v %[1]v"', '"%%"', '"%!"', '"%c"', '"%U"', '"%e"', '"%g"', '"%08b"', '"%o"', '"% x"', '"%*d"', '"%6.3v"', '"%z"', '"%X"', '"%#x"', '"%+q"', '"%"']
NAMES = ['"a"', '"b"', '"name"', '"x"', '""', '"only"', '"_0"', '"1"', '"app.kubernetes.io/name"']
KINDS = ['"string"', '"int"', '"map"', '"slice"', '"float64"', '"bool"', '"*semver.Version"', '"map[string]interface {}"', '"[]interface {}"', '"int64"', '"invalid"']
POOLS = {"s": STRINGS, "n": SMALL, "i": INTS, "f": FLOATS, "b": BOOLS, "L": LISTS, "M": OTHER_LISTS, "D": DICTS, "E": OTHER_DICTS, "r": REGEX, "v": VERSIONS, "c": CONSTRAINTS, "l": LAYOUTS, "z": ZONES, "u": DURATIONS,
         "t": TIMES, "T": STAMPS, "p": PATHS, "U": URLS, "y": YAMLS, "j": JSONS, "o": TOMLS, "x": TEXTS, "F": FORMATS, "k": NAMES, "K": KINDS}

# name: parameters (letters of POOLS, a for anything, + repeats the one before), behind the colon the result. The subject comes last, as in pipes.
SIGNATURES = """
trim:s upper:s lower:s title:s untitle:s swapcase:s nospace:s initials:s snakecase:s camelcase:s kebabcase:s b64enc:s b64dec:s b32enc:s b32dec:s sha1sum:s sha256sum:s sha512sum:s adler32sum:s regexQuoteMeta:r
=s
trimAll:ss trimall:ss trimPrefix:ss trimSuffix:ss trunc:ns abbrev:ns abbrevboth:nns substr:nns repeat:ns indent:ns nindent:ns wrap:ns wrapWith:nss replace:sss plural:ssn cat:a+ quote:a+ squote:a+ join:sL join:sM join:sa
toString:a toJson:a toPrettyJson:a toRawJson:a mustToJson:a mustToPrettyJson:a mustToRawJson:a toYaml:a toYamlPretty:a toToml:a toToml:D typeOf:a kindOf:a print:a+ println:a+ printf:Fa+ printf:Fa printf:Fii html:a js:a urlquery:a+
regexFind:rs mustRegexFind:rs regexReplaceAll:rss mustRegexReplaceAll:rss regexReplaceAllLiteral:rss mustRegexReplaceAllLiteral:rss dateInZone:ltz date_in_zone:lTz dateInZone:lTz date:lt date:lT htmlDate:t htmlDateInZone:tz unixEpoch:t
duration:i duration:s durationRound:u durationRound:i durationRound:t base:p dir:p ext:p clean:p osBase:p osDir:p osExt:p osClean:p seq:n seq:nn seq:nnn tpl:x. include:N. ago:t urlJoin:E urlJoin:D get:Dk
=s
contains:ss hasPrefix:ss hasSuffix:ss regexMatch:rs mustRegexMatch:rs semverCompare:cv isAbs:p osIsAbs:p empty:a all:a+ any:a+ eq:aa eq:ii eq:ss ne:ss ne:aa lt:ii le:ff gt:ss ge:if lt:aa not:a deepEqual:aa hasKey:Dk has:aL has:aM typeIs:Ka typeIsLike:Ka kindIs:Ka
=b
len:s len:L len:M len:D len:a int:a int64:a int:s atoi:s add:ii add:i+ sub:ii mul:ii mul:i+ div:ii mod:ii max:i+ min:i+ biggest:i+ add1:i toDecimal:s toDecimal:i add:aa
=i
float64:a float64:s addf:ff addf:f+ subf:ff mulf:ff divf:ff add1f:f maxf:f+ minf:f+ floor:f ceil:f round:fn round:fnf round:sn addf:aa
=f
list:a+ tuple:a+ rest:L initial:L reverse:L uniq:L compact:L rest:M initial:M reverse:M uniq:M compact:M mustRest:L mustInitial:L mustReverse:L mustUniq:L mustCompact:L append:La push:La prepend:La mustAppend:La mustPrepend:Ma mustPush:La
concat:LL concat:L+ concat:M without:La without:Laa mustWithout:La slice:L slice:Ln slice:Lnn mustSlice:Lnn pluck:kDD fromJsonArray:j fromYamlArray:y values:O splitList:ss append:Ma slice:Mn chunk:nL
=L
sortAlpha:L sortAlpha:M sortAlpha:a toStrings:L toStrings:a until:n untilStep:nnn chunk:nM regexFindAll:rsn mustRegexFindAll:rsn regexSplit:rsn mustRegexSplit:rsn keysSorted:D keysSorted:DD
=M
dict:ka dict:kaka dict:aa set:Dka unset:Dk pick:Dkk pick:Dk omit:Dk omit:Dkk merge:DD mergeOverwrite:DD merge:DDD mustMerge:DD mustMergeOverwrite:DD mergeOverwrite:DDD deepCopy:D mustDeepCopy:L fromJson:j fromYaml:y fromToml:o merge:ED set:Eka
=D
split:ss splitn:sns urlParse:U
=E
first:L last:L first:M last:M mustFirst:L mustLast:M first:s default:aa default:ss coalesce:a+ ternary:aab ternary:ssb dig:kkaD dig:kaD dig:kaE dig:ka index:Ln index:Dk index:Mn index:Dkk index:sn index:aa mustFromJson:j required:sa get:Dk
semver:v deepCopy:a toDate:ls mustToDate:ls dateModify:ut date_modify:ut mustDateModify:ut and:aa or:aa and:a+ or:a+ fail:s lookup:ssss call:a
=a
"""
HELM4 = """
mustToYaml:a mustToToml:D durationSeconds:u durationMilliseconds:u durationMicroseconds:u durationNanoseconds:u durationMinutes:u durationHours:u durationDays:u durationWeeks:u durationSeconds:i durationHours:f durationRoundTo:uu
durationTruncateTo:uu mustToDuration:u durationRoundTo:fi durationSeconds:a
=a
"""


def read_signatures(text):
    table, waiting = {}, []
    for word in text.split():
        if word.startswith("="):
            table.setdefault(word[1:], []).extend(waiting)
            waiting = []
        else:
            name, parameters = word.split(":")
            waiting.append((name, parameters))
    return table


class Templates:
    """Makes expressions and blocks. `includes` are the names of defines that may be included."""

    def __init__(self, rng, helm4=False, includes=("c.name", "c.labels", "c.nope")):
        self.rng = rng
        self.table = read_signatures(SIGNATURES + (HELM4 if helm4 else ""))
        self.includes = includes
        self.variables = ["$"]

    # ---- expressions

    def literal(self, kind):
        rng = self.rng
        if kind == "N":
            return '"%s"' % rng.choice(self.includes)
        if kind == ".":
            return rng.choice([".", ".", ".", "$", ".Values", "(dict)", '"x"', "nil"])
        if kind == "O":
            return '(dict "only" %s)' % self.expression("a", 1)
        if kind == "a":
            if rng.random() < 0.1:
                return rng.choice(["nil", ".", ".Values.missing", ".Values.nul", ".Release.Name", ".Chart.Name", ".Values.map.a", ".Values.nested.deep.er", ".Values.nested.nope", "$.Values.name", ".Chart.Maintainers",
                                   ".Release.Revision", ".Chart.AppVersion", ".Template.Name", ".Capabilities.KubeVersion", ".Files", ".Subcharts", "(semver \"1.2.3\")", ".Values.missing.x", ".Release", ".Chart.Deprecated"])
            return self.literal(rng.choice("ssssiiffbLLDDMEtvy"))
        return rng.choice(POOLS[kind])

    def expression(self, kind, depth):
        """Text that may stand as an argument."""
        rng = self.rng
        if rng.random() < 0.04:
            kind = rng.choice("sifbLDMEat")  # the wrong type
        if len(self.variables) > 1 and rng.random() < 0.12:
            return rng.choice(self.variables)
        if depth <= 0 or rng.random() < 0.35:
            return self.literal(kind)
        wanted = {"n": "i", "k": "s", "r": "r", "p": "p"}.get(kind, kind)
        if kind == "a":
            wanted = rng.choice("ssifbLMDEaa")
        if wanted not in self.table or (kind == "n" and rng.random() < 0.8):
            return self.literal(kind)
        return "(%s)" % self.call(wanted, depth - 1)

    def call(self, result, depth):
        rng = self.rng
        name, parameters = rng.choice(self.table[result])
        letters = []
        for letter in parameters:
            if letter == "+":
                letters += letters[-1:] * rng.randint(0, 2)
            else:
                letters.append(letter)
        if rng.random() < 0.02:
            letters = letters[:-1] if rng.random() < 0.5 else letters + ["a"]
        arguments = [self.expression(letter, depth) for letter in letters]
        if name == "keysSorted":
            return "keys %s | sortAlpha" % " ".join(arguments)
        if arguments and rng.random() < 0.3:
            subject = arguments.pop()
            if subject.startswith("(") and subject.endswith(")") and rng.random() < 0.5 and subject.count("(") == 1:
                subject = subject[1:-1]
            return " ".join([subject, "|", name] + arguments)
        return " ".join([name] + arguments)

    def pipeline(self, depth=2):
        rng = self.rng
        text = self.call(rng.choice("ssssifbLMDEa"), depth)
        while rng.random() < 0.3:
            text += " | " + rng.choice(["toJson", "toYaml", "quote", "toString", "default \"d\"", "typeOf", "trunc 9", "nindent 2", "upper", "b64enc", "len", "first", "printf \"%v\"", "squote", "kindOf", "toYaml | indent 2", "int", "not"])
        return text

    # ---- blocks

    def braces(self, text):
        rng = self.rng
        return "{{%s%s%s}}" % ("- " if rng.random() < 0.25 else rng.choice(["", " "]), text, " -" if rng.random() < 0.25 else rng.choice(["", " "]))

    def text(self):
        return self.rng.choice(["", " ", "a", "\n", "\n  ", "x: ", "- ", "  b \n", "é", "\r\n", "\t", "}} ", "<no value>", "# c\n"])

    def block(self, depth):
        return "".join(self.rng.choice([self.text, lambda: self.statement(depth)])() for _ in range(self.rng.randint(1, 4)))

    def condition(self):
        return self.expression(self.rng.choice("baasLD"), 1) if self.rng.random() < 0.5 else self.pipeline(1)

    def statement(self, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.55:
            return rng.choice([self.output] * 6 + [self.comment, self.declare, self.assign])()
        return rng.choice([self.if_, self.if_, self.with_, self.range_, self.range_, self.template])(depth - 1)

    def output(self):
        return self.braces(self.pipeline(1) if self.rng.random() < 0.6 else self.expression("a", 1))

    def comment(self):
        return self.rng.choice(["{{/* c */}}", "{{- /* c }} */ -}}", "{{/* a\nb */ -}}"])

    def declare(self):
        name = self.rng.choice(["$x", "$y", "$list"])
        text = self.braces("%s := %s" % (name, self.expression("a", 1)))
        if name not in self.variables:
            self.variables.append(name)
        return text

    def assign(self):
        if len(self.variables) < 2:
            return self.declare()
        return self.braces("%s = %s" % (self.rng.choice(self.variables[1:]), self.expression("a", 1)))

    def scoped(self, depth):
        kept = list(self.variables)
        text = self.block(depth)
        self.variables = kept
        return text

    def if_(self, depth):
        text = self.braces("if " + self.condition()) + self.scoped(depth)
        while self.rng.random() < 0.3:
            text += self.braces("else if " + self.condition()) + self.scoped(depth)
        if self.rng.random() < 0.5:
            text += self.braces("else") + self.scoped(depth)
        return text + self.braces("end")

    def with_(self, depth):
        rng = self.rng
        kept = list(self.variables)
        head = "with "
        if rng.random() < 0.3:
            head += "$w := "
            self.variables.append("$w")
        text = self.braces(head + self.expression(rng.choice("aDLs"), 1)) + self.block(depth)
        self.variables = kept
        if rng.random() < 0.2:
            text += self.braces("else with " + self.expression("a", 1)) + self.scoped(depth)
        if rng.random() < 0.3:
            text += self.braces("else") + self.scoped(depth)
        return text + self.braces("end")

    def range_(self, depth):
        rng = self.rng
        kept = list(self.variables)
        head = "range "
        form = rng.random()
        if form < 0.3:
            head += "$i, $e := "
            self.variables += ["$i", "$e"]
        elif form < 0.5:
            head += "$e := "
            self.variables.append("$e")
        body = self.block(depth)
        if rng.random() < 0.25:
            body += self.braces("if " + self.condition()) + self.braces(rng.choice(["break", "continue"])) + self.braces("end") + self.block(depth)
        self.variables = kept
        text = self.braces(head + self.expression(rng.choice("LLDMnaE"), 1)) + body
        if rng.random() < 0.3:
            text += self.braces("else") + self.scoped(depth)
        return text + self.braces("end")

    def template(self, _):
        rng = self.rng
        if rng.random() < 0.15:
            return self.braces('template "%s" %s' % (rng.choice(self.includes), self.literal("."))) if rng.random() < 0.8 else self.braces('template "c.name"')
        return self.braces('include "%s" %s%s' % (rng.choice(self.includes), self.literal("."), rng.choice(["", " | nindent 4", " | quote", " | trim"])))
