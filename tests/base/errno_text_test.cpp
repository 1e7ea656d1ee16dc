#include "base/errno_text.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

namespace sluice::base {
namespace {

TEST(ErrnoText, IsTheSystems) {
  for (const int code : {0, ENOENT, ENOSPC, EDQUOT, EMFILE}) EXPECT_EQ(ErrnoText(code), std::generic_category().message(code));
  EXPECT_EQ(ErrnoText(99999), "error 99999");
}

}  // namespace
}  // namespace sluice::base
