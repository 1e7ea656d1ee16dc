// helm/template/quote.h: Go's string and character literals (strconv).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::helm {

/// strconv.Quote: "…" with Go's escapes; printable Unicode is kept, or not with `ascii_only` (QuoteToASCII); an invalid byte becomes \xNN.
std::string GoQuote(std::string_view text, bool ascii_only = false);
/// strconv.QuoteRune: '…'; what is no rune becomes '\ufffd' or '�'.
std::string GoQuoteRune(char32_t rune, bool ascii_only = false);
/// strconv.CanBackquote: no control character but tab, no backquote, no byte order mark, valid UTF-8.
bool CanBackquote(std::string_view text);
/// strconv.Unquote of a "…", `…` or '…' literal; nullopt: "invalid syntax".
std::optional<std::string> GoUnquote(std::string_view literal);

/// strconv.UnquoteChar: takes one character or escape off the front of `text`. `quote` may not stand unescaped.
struct UnquotedRune {
  char32_t value = 0;
  bool is_byte = false;  ///< \xNN and \NNN: a byte, not a rune
};
std::optional<UnquotedRune> TakeUnquoted(std::string_view& text, char quote);

}  // namespace sluice::helm
