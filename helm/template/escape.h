// helm/template/escape.h: html, js and urlquery.
#pragma once

#include <string>
#include <string_view>

namespace sluice::helm {

std::string EscapeHtml(std::string_view text);   ///< template.HTMLEscapeString: & < > ' " and the zero byte
std::string EscapeJs(std::string_view text);     ///< template.JSEscapeString
std::string EscapeQuery(std::string_view text);  ///< url.QueryEscape: a blank is '+', all but letters, digits and -_.~ is %XX

}  // namespace sluice::helm
