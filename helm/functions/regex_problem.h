// helm/functions/regex_problem.h: what Go says of a regular expression that it cannot read.
#pragma once

#include <string>

namespace re2 {
class RE2;
}

namespace sluice::helm {

/// "error parsing regexp: missing closing ): `(`"; "" for an expression that is good.
std::string RegexProblem(const re2::RE2& re);

}  // namespace sluice::helm
