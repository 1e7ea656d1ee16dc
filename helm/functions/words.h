// helm/functions/words.h: snakecase, kebabcase and camelcase, which are xstrings 1.5's ToSnakeCase, ToKebabCase and ToPascalCase.
#pragma once

#include <string>
#include <string_view>

namespace sluice::helm {

/// HTTPServer2Go -> http_server2_go with connector '_'.
std::string JoinWords(std::string_view text, char32_t connector);
/// http_server -> HttpServer; connectors at the beginning stay.
std::string PascalCase(std::string_view text);

}  // namespace sluice::helm
