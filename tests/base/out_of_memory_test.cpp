// Threats R32: reading an archive where any one allocation fails.
#include "base/archive.h"
#include "base/files.h"
#include "tests/base/failing_new.h"

namespace sluice::base {
namespace {

TEST(OutOfMemory, R32_AnArchive) {
  std::string packed;
  ArchiveWriter writer([&packed](std::string_view bytes) -> Result<void> {
    packed += bytes;
    return {};
  });
  ASSERT_TRUE(writer.AddDirectory("apps"));
  ASSERT_TRUE(writer.AddFile("apps/web.yaml", std::string(5000, 'x'), false));
  ASSERT_TRUE(writer.Finish());
  const long allocations = sluice::testing::FailEachAllocation([&packed]() -> std::string {
    const auto files = ArchiveFiles(packed);
    if (!files) return "error: " + files.error().message;
    const auto read = (*files)->Read("apps/web.yaml");
    return read ? *read : "error: " + read.error().message;
  });
  EXPECT_GT(allocations, 5);
}

}  // namespace
}  // namespace sluice::base
