// Ownership without atomics: the last Ref ends the object.
#include "helm/template/ref.h"

#include <gtest/gtest.h>

namespace sluice::helm {
namespace {

struct Probe : Counted {
  explicit Probe(int& ends) : ends_(ends) {}
  ~Probe() { ++ends_; }
  int& ends_;
};

TEST(Ref, TheLastOwnerEndsIt) {
  int ends = 0;
  {
    const auto first = MakeRef<Probe>(ends);
    const Ref<Probe> second = first.get();
    EXPECT_FALSE(first->Unshared());
  }
  EXPECT_EQ(ends, 1);
}

}  // namespace
}  // namespace sluice::helm
