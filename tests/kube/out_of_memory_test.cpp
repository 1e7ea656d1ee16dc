// Threats R32: an apply where any one allocation of this thread fails. The connection may be lost with it; the process and the client are not.
#include "cluster.h"
#include "tests/base/failing_new.h"

namespace sluice::kube {
namespace {

using OutOfMemoryTest = testing::ClusterTest;

TEST_F(OutOfMemoryTest, R32_AnApply) {
  const document::Value object = ConfigMap("a", "1");
  const ApplyOptions apply{.manager = "test"};
  Must(client_->Apply(object, apply));  // the kind is known now, and the connection open
  bool failed = true;
  for (long at = 1; failed; at += at < 200 ? 1 : at / 50) {
    SCOPED_TRACE(at);
    sluice::testing::has_failed = false;
    sluice::testing::fail_at = at;
    std::string said;
    try {
      said = testing::Say(Run(client_->Apply(object, apply)));
    } catch (const std::bad_alloc&) {
    }
    sluice::testing::fail_at = 0;
    failed = sluice::testing::has_failed;
    if (!failed) EXPECT_EQ(said, "ok");
    ASSERT_EQ(testing::Say(Run(client_->Apply(object, apply))), "ok");
  }
}

}  // namespace
}  // namespace sluice::kube
