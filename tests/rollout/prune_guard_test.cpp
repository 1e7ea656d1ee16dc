#include "rollout/prune_guard.h"

#include <gtest/gtest.h>

namespace sluice::rollout {
namespace {

std::vector<InventoryEntry> Entries(std::size_t count) {
  std::vector<InventoryEntry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back({.id = {"", "ConfigMap", "shop", "cm-" + std::to_string(i)}, .version = "v1"});
  return entries;
}

TEST(PruneGuard, WhatIsHeld) {
  struct Row {
    std::string_view rule;
    std::size_t inventory, wanted, removed;
    bool held;
    std::string_view want;
  };
  constexpr Row kRows[] = {
      {"nothing goes", 20, 20, 0, false, ""},
      {"an empty build, however small", 1, 0, 1, false, "the build is empty and 1 object would be removed"},
      {"an empty build of much", 12, 0, 12, false, "the build is empty and 12 objects would be removed"},
      {"an empty build of what is gone already", 12, 0, 0, false, ""},
      {"half of ten", 10, 5, 5, false, ""},
      {"more than half of ten", 10, 4, 6, false, "6 of 10 objects would be removed, more than 50 %"},
      {"more than half of nine", 9, 1, 8, false, ""},
      {"180 of 200", 200, 20, 180, false, "180 of 200 objects would be removed, more than 50 %"},
      {"all replaced by as many others", 10, 10, 10, false, "10 of 10 objects would be removed, more than 50 %"},
      {"and looked at again, with the others on record", 20, 10, 10, true, "10 objects of a removal that was held would be removed"},
      {"held before, and nothing goes any more", 20, 20, 0, true, ""},
  };
  for (const Row& row : kRows) {
    const Removal removal{.inventory = row.inventory, .wanted = row.wanted, .entries = Entries(row.removed)};
    EXPECT_EQ(WhyHeld({}, removal, row.held), row.want) << row.rule;
    EXPECT_EQ(WhyHeld({.on = false}, removal, row.held), "") << row.rule;
  }
  const Removal three{.inventory = 4, .wanted = 1, .entries = Entries(3)};
  EXPECT_EQ(WhyHeld({.on = true, .ratio_percent = 80, .min = 2}, three, false), "");
  EXPECT_EQ(WhyHeld({.on = true, .ratio_percent = 70, .min = 2}, three, false), "3 of 4 objects would be removed, more than 70 %");
}

TEST(PruneGuard, Release) {
  struct Row {
    std::string_view value, revision;
    bool want;
  };
  constexpr Row kRows[] = {
      {"true", "main@sha1:4f2a", true},   {"True", "main@sha1:4f2a", true}, {"main@sha1:4f2a", "main@sha1:4f2a", true},
      {"4f2a", "main@sha1:4f2a", true},   {"4f2", "main@sha1:4f2a", false}, {"main@sha1:1", "main@sha1:2", false},
      {"false", "main@sha1:4f2a", false}, {"", "main@sha1:4f2a", false},    {"", "", false},
      {"yes", "main@sha1:4f2a", false},
  };
  for (const Row& row : kRows) EXPECT_EQ(IsReleased(row.value, row.revision), row.want) << row.value << " for " << row.revision;
}

TEST(PruneGuard, Containers) {
  EXPECT_TRUE(IsContainer({"", "Namespace", "", "shop"}));
  EXPECT_TRUE(IsContainer({"", "PersistentVolumeClaim", "shop", "data"}));
  EXPECT_TRUE(IsContainer({"apiextensions.k8s.io", "CustomResourceDefinition", "", "gizmos.example.com"}));
  EXPECT_FALSE(IsContainer({"example.com", "Namespace", "", "shop"}));
  EXPECT_FALSE(IsContainer({"", "ConfigMap", "shop", "a"}));
}

TEST(PruneGuard, Names) {
  EXPECT_EQ(ListNames(Entries(2), 5), "ConfigMap/shop/cm-0, ConfigMap/shop/cm-1");
  EXPECT_EQ(ListNames(Entries(4), 2), "ConfigMap/shop/cm-0, ConfigMap/shop/cm-1 and 2 more");
}

}  // namespace
}  // namespace sluice::rollout
