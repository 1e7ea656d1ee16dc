#include "net/host.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(Host, LowestAddress) {
  const auto own = LowestAddressOf("10.1.2.3"), local = LowestAddressOf("localhost"), none = LowestAddressOf("no-such-host.invalid");
  ASSERT_TRUE(own && local);
  EXPECT_EQ(*own, "10.1.2.3");
  EXPECT_EQ(*local, "127.0.0.1");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, base::Reason::NotFound);
  EXPECT_EQ(none.error().message.find("lookup no-such-host.invalid: "), 0u) << none.error().message;
}

}  // namespace
}  // namespace sluice::net
