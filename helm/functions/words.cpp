// The text is cut into words of one class: digits, an upper-case run (which leaves its last letter to a lower-case word behind it), letters,
// connectors (- _ and blanks), punctuation and the rest. Between words goes a connector, except around digits, which stick to
// what follows them.
#include "helm/functions/words.h"

#include <cstdint>

#include "helm/functions/letter.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

bool IsConnector(char32_t rune) { return rune == '-' || rune == '_' || IsSpace(rune); }

/// A letter that is no Chinese character.
bool IsAlphabet(char32_t rune) {
  if (!IsLetter(rune)) return false;
  return !((rune >= 0x4E00 && rune <= 0x9FCC) || (rune >= 0x3400 && rune <= 0x4D85) || (rune >= 0x20000 && rune <= 0x2B81D));
}

enum class WordType : std::uint8_t { None, Number, UpperCase, Alphabet, Connector, Punctuation, Other };

struct Word {
  WordType type = WordType::None;
  std::string_view text;
};

/// The next rune that is valid, with the bytes before it that are not; `otherwise` if none is left.
Rune NextValid(std::string_view text, char32_t otherwise) {
  std::size_t size = 0;
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    size += rune.size;
    if (rune.value != kRuneError) return {rune.value, size};
    text.remove_prefix(rune.size);
  }
  return {otherwise, size};
}

class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  Word Next() {
    if (rest_.empty()) return {};
    const Rune first = NextValid(rest_, kRuneError);
    if (first.value == kRuneError) return Cut(WordType::None, first.size);
    if (IsConnector(first.value)) return Run(WordType::Connector, first, IsConnector);
    if (IsPunct(first.value)) return Run(WordType::Punctuation, first, IsPunct);
    if (IsUpper(first.value)) return UpperCase(first);
    if (IsAlphabet(first.value)) return Run(WordType::Alphabet, first, IsLowerLetter);
    if (IsNumber(first.value)) return Run(WordType::Number, first, IsNumber);
    return Run(WordType::Other, first, [](char32_t r) { return !IsConnector(r) && !IsAlphabet(r) && !IsNumber(r) && !IsPunct(r); });
  }

 private:
  static bool IsLowerLetter(char32_t rune) { return IsAlphabet(rune) && !IsUpper(rune); }

  Word Cut(WordType type, std::size_t size) {
    const Word word{type, rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return word;
  }

  /// The length of the run from `size` on whose runes `belongs` takes.
  template <class Predicate>
  std::size_t Extend(std::size_t size, char32_t previous, Predicate belongs) const {
    while (size < rest_.size()) {
      const Rune next = NextValid(rest_.substr(size), previous);
      if (!belongs(next.value)) break;
      previous = next.value;
      size += next.size;
    }
    return size;
  }

  template <class Predicate>
  Word Run(WordType type, Rune first, Predicate belongs) {
    return Cut(type, Extend(first.size, first.value, belongs));
  }

  Word UpperCase(Rune first) {
    std::size_t size = first.size;
    if (size == rest_.size()) return Cut(WordType::UpperCase, size);
    Rune next = NextValid(rest_.substr(size), first.value);
    if (IsAlphabet(next.value) && !IsUpper(next.value)) {
      return Cut(WordType::UpperCase, Extend(size + next.size, next.value, IsLowerLetter));
    }
    std::size_t last = 0;
    while (size < rest_.size() && IsUpper(next.value)) {
      last = next.size;
      size += next.size;
      if (size < rest_.size()) next = NextValid(rest_.substr(size), next.value);
    }
    if (last > 0 && size < rest_.size() && IsAlphabet(next.value)) size -= last;
    return Cut(WordType::UpperCase, size);
  }

  std::string_view rest_;
};

class Joiner {
 public:
  Joiner(std::string_view text, char32_t connector) : words_(text), connector_(connector) {}

  std::string Join() {
    Advance();
    while (!words_.AtEnd()) Step();
    Write(word_);
    return std::move(out_);
  }

 private:
  void Advance() { word_ = words_.Next(); }
  static bool Separates(WordType type) { return type == WordType::Connector || type == WordType::Punctuation; }
  void Connect() { AppendRune(out_, connector_); }

  void Write(const Word& word) {
    if (word.type != WordType::UpperCase && word.type != WordType::Connector) {
      out_ += word.text;
      return;
    }
    for (std::string_view rest = word.text; !rest.empty();) {
      const Rune rune = DecodeRune(rest);
      AppendRune(out_, IsConnector(rune.value) ? connector_ : ToLower(rune.value));
      rest.remove_prefix(rune.size);
    }
  }

  /// Writes letters and digits up to another kind of word, and then a connector if that is none itself.
  void WriteGlued() {
    while (word_.type == WordType::Alphabet || word_.type == WordType::Number) {
      Write(word_);
      Advance();
    }
    if (word_.type != WordType::None && !Separates(word_.type)) Connect();
  }

  void Step() {
    const Word last = word_;
    if (last.type != WordType::Connector) Write(last);
    Advance();
    switch (last.type) {
      case WordType::Number: WriteGlued(); return;
      case WordType::Connector: Write(last); return;
      case WordType::Punctuation: return;
      default: break;
    }
    if (word_.type != WordType::Number) {
      if (!Separates(word_.type)) Connect();
    } else if (!words_.AtEnd()) {
      AfterNumber();
    }
  }

  /// word_ is a number that stands behind letters, with more to come.
  void AfterNumber() {
    const Word number = word_;
    Advance();
    if (word_.type != WordType::Alphabet) {
      Write(number);
      if (!Separates(word_.type)) Connect();
      return;
    }
    Connect();
    Write(number);
    WriteGlued();
  }

  Words words_;
  char32_t connector_;
  Word word_;
  std::string out_;
};

}  // namespace

std::string JoinWords(std::string_view text, char32_t connector) {
  if (text.empty()) return {};
  return Joiner(text, connector).Join();
}

std::string PascalCase(std::string_view text) {
  std::u32string out;
  const std::u32string runes = RunesOf(text);
  std::size_t i = 0;
  while (i < runes.size() && IsConnector(runes[i])) out += runes[i++];
  if (i == runes.size()) return TextOfRunes(out + out.substr(out.empty() ? 0 : out.size() - 1));  // xstrings writes the last one twice
  bool first_upper = IsUpper(runes[i]);
  char32_t current = ToUpper(runes[i]);
  for (++i; i < runes.size(); ++i) {
    const char32_t previous = current;
    current = runes[i];
    if (IsConnector(current) && IsConnector(previous)) {
      out += previous;
    } else if (IsConnector(previous)) {
      first_upper = IsUpper(current);
      current = ToUpper(current);
    } else {
      if (first_upper && IsUpper(current)) {
        current = ToLower(current);
      } else {
        first_upper = false;
      }
      out += previous;
    }
  }
  out += current;
  return TextOfRunes(out);
}

}  // namespace sluice::helm
