// The rows of the index against the plainest model of them, under a long random life; and what they cost.
#include "kube/owned_table.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/random.h"

namespace sluice::kube {
namespace {

using Key = std::tuple<KindId, std::string, std::string>;

struct Model {
  std::string uid, message;
  std::pair<std::string, std::string> owner;
};

std::string Uuid(std::uint64_t number) {
  std::string text = "00000000-0000-4000-8000-000000000000";
  for (std::size_t i = text.size(); number != 0; number /= 16) text[--i] = "0123456789abcdef"[number % 16];
  return text;
}

class TableTest : public ::testing::Test {
 protected:
  OwnedTable table_;
  std::map<Key, Model> model_;
  base::SeededRandom random_{7};

  std::string Pick(const char* what, std::uint64_t of) { return what + std::to_string(random_.Next() % of); }
  Key PickKey() { return {static_cast<KindId>(random_.Next() % 3), Pick("ns", 5), Pick("name", 60)}; }
  void Put(const Key& key);
  void Drop(const Key& key);
  void Compare() const;
};

void TableTest::Put(const Key& key) {
  const auto& [kind, ns, name] = key;
  RowId id = table_.Find(kind, ns, name);
  ASSERT_EQ(id == kNoRow, !model_.contains(key));
  if (id == kNoRow) id = table_.Insert(kind, ns, name);
  Model& model = model_[key];
  model.uid = random_.Next() % 4 == 0 ? Pick("odd-uid-", 9) : Uuid(random_.Next());
  model.message = Pick("message ", 20);
  model.owner = {Pick("ns", 3), Pick("owner", 7)};
  table_.SetUid(id, model.uid);
  table_.SetOwner(id, model.owner.first, model.owner.second);
  table_.SetStatus(id, {.phase = rollout::Phase::InProgress, .reason = "R", .message = model.message});
}

void TableTest::Drop(const Key& key) {
  const auto& [kind, ns, name] = key;
  const RowId id = table_.Find(kind, ns, name);
  ASSERT_EQ(id == kNoRow, !model_.contains(key));
  if (id == kNoRow) return;
  table_.Erase(id);
  model_.erase(key);
}

void TableTest::Compare() const {
  ASSERT_EQ(table_.size(), model_.size());
  std::map<std::pair<std::string, std::string>, std::set<std::string>> owned;
  for (const auto& [key, model] : model_) {
    const auto& [kind, ns, name] = key;
    const RowId id = table_.Find(kind, ns, name);
    ASSERT_NE(id, kNoRow);
    const Row& row = table_.At(id);
    ASSERT_EQ(table_.UidOf(row), model.uid);
    ASSERT_EQ(table_.StatusOf(row).message, model.message);
    ASSERT_EQ(table_.OwnerOf(row), (document::NamespacedName{model.owner.first, model.owner.second}));
    owned[model.owner].insert(std::to_string(kind) + ns + "/" + name);
  }
  for (const auto& [owner, want] : owned) {
    std::set<std::string> got;
    table_.ForEachOwned(owner.first, owner.second, [&](RowId, const Row& row) {
      got.insert(std::to_string(row.kind) + std::string(table_.Text(row.ns)) + "/" + std::string(table_.Text(row.name)));
    });
    ASSERT_EQ(got, want);
  }
}

TEST_F(TableTest, LivesLikeItsModel) {
  for (int step = 0; step < 20'000; ++step) {
    if (random_.Next() % 5 < 3)
      Put(PickKey());
    else
      Drop(PickKey());
    if (step % 500 == 0) Compare();
  }
  Compare();
  while (!model_.empty()) Drop(Key(model_.begin()->first));
  EXPECT_EQ(table_.size(), 0u);
  std::size_t rows = 0;
  table_.ForEach([&](RowId, const Row&) { ++rows; });
  EXPECT_EQ(rows, 0u);
}

TEST_F(TableTest, CurrentObjectsKeepNoWords) {
  const RowId id = table_.Insert(0, "", "cluster-scoped");
  table_.SetStatus(id, {.phase = rollout::Phase::Current, .reason = "R", .message = "Deployment is available. Replicas: 3"});
  EXPECT_EQ(table_.StatusOf(table_.At(id)).message, "");
  EXPECT_TRUE(table_.HasStatus(table_.At(id), {.phase = rollout::Phase::Current, .reason = "x", .message = "y"}));
}

TEST_F(TableTest, UidsComeBackAsTheyWere) {
  const RowId id = table_.Insert(0, "a", "b");
  for (std::string_view uid : {"5e1f3c7a-9b2d-4c6e-8f10-a1b2c3d4e5f6", "5E1F3C7A-9B2D-4C6E-8F10-A1B2C3D4E5F6", "short", "",
                               "5e1f3c7a09b2d-4c6e-8f10-a1b2c3d4e5f6", "5e1f3c7a-9b2d-4c6e-8f10-a1b2c3d4e5f66"}) {
    table_.SetUid(id, uid);
    EXPECT_EQ(table_.UidOf(table_.At(id)), uid);
  }
}

/// 1,000 owners with four objects each, named as podinfo's. The promise of the design is 200-300 bytes an object.
TEST_F(TableTest, FourThousandObjectsStaySmall) {
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "podinfo-" + std::to_string(i);
    for (KindId kind = 0; kind < 4; ++kind) {
      const RowId id = table_.Insert(kind, "apps-" + std::to_string(i % 50), name);
      table_.SetUid(id, Uuid(static_cast<std::uint64_t>(i) * 4 + kind + 1));
      table_.SetOwner(id, "flux", name);
      table_.SetStatus(id, {.phase = rollout::Phase::Current, .reason = {}, .message = {}});
    }
  }
  EXPECT_LT(table_.bytes() / table_.size(), 200u);
}

}  // namespace
}  // namespace sluice::kube
