#include "base/errno_text.h"

#include <cstring>

namespace sluice::base {

std::string ErrnoText(int code) {
  const char* const text = strerrordesc_np(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

}  // namespace sluice::base
