#include "base/result.h"

namespace sluice::base {

std::string_view ToString(Reason reason) {
  switch (reason) {
    case Reason::Invalid: return "Invalid";
    case Reason::NotFound: return "NotFound";
    case Reason::AlreadyExists: return "AlreadyExists";
    case Reason::Conflict: return "Conflict";
    case Reason::Forbidden: return "Forbidden";
    case Reason::Unauthorized: return "Unauthorized";
    case Reason::Gone: return "Gone";
    case Reason::TooLarge: return "TooLarge";
    case Reason::Timeout: return "Timeout";
    case Reason::Unavailable: return "Unavailable";
    case Reason::Canceled: return "Canceled";
    case Reason::Unsupported: return "Unsupported";
    case Reason::Internal: return "Internal";
  }
  return "Internal";
}

}  // namespace sluice::base
