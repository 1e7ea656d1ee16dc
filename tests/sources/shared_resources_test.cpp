#include "sources/git/shared_resources.h"

#include <gtest/gtest.h>

namespace sluice::sources {
namespace {

std::shared_ptr<const Tree> TreeOf(std::size_t bytes) {
  return Tree::Parse("100644 " + std::string(bytes, 'n') + std::string(21, '\0')).value();
}

TEST(TreeCache, TheLeastRecentlyUsedGoFirst) {
  const std::size_t one = TreeOf(100)->bytes();
  TreeCache cache(3 * one);
  for (unsigned char i = 1; i <= 3; ++i) cache.Put(ObjectId{i}, TreeOf(100));
  EXPECT_TRUE(cache.Find(ObjectId{1}));
  cache.Put(ObjectId{4}, TreeOf(100));
  EXPECT_FALSE(cache.Find(ObjectId{2}));
  EXPECT_TRUE(cache.Find(ObjectId{1}) && cache.Find(ObjectId{3}) && cache.Find(ObjectId{4}));
  cache.Put(ObjectId{5}, TreeOf(10 * one));
  EXPECT_TRUE(cache.Find(ObjectId{5})) << "one that is too large alone still stays until the next";
  EXPECT_FALSE(cache.Find(ObjectId{4}));
}

IdlePool::Thing Counted(int& closed) {
  return IdlePool::Thing(new int(0), [&closed](int* thing) {
    delete thing;
    ++closed;
  });
}

TEST(IdlePool, HandsOutByKeyAndClosesTheOldest) {
  int closed = 0;
  IdlePool pool(2, std::chrono::hours(1));
  EXPECT_EQ(pool.Take("a"), nullptr);
  IdlePool::Thing first = Counted(closed);
  const void* address = first.get();
  pool.Give("a", std::move(first));
  EXPECT_EQ(pool.Take("b"), nullptr);
  IdlePool::Thing again = pool.Take("a");
  EXPECT_EQ(again.get(), address);
  EXPECT_EQ(pool.Take("a"), nullptr) << "one user at a time";
  pool.Give("a", std::move(again));
  pool.Give("b", Counted(closed));
  EXPECT_EQ(closed, 0);
  pool.Give("b", Counted(closed));
  EXPECT_EQ(closed, 1) << "two may wait";
  EXPECT_EQ(pool.Take("a"), nullptr);
  pool.Drop("b");
  EXPECT_EQ(closed, 3);
  IdlePool impatient(2, std::chrono::seconds(-1));
  impatient.Give("a", Counted(closed));
  EXPECT_EQ(closed, 4) << "too old at once";
}

TEST(IdlePool, KeepsTwoOfAKey) {
  int closed = 0;
  IdlePool pool(16, std::chrono::hours(1));
  pool.Give("b", Counted(closed));
  for (int i = 0; i < 5; ++i) pool.Give("a", Counted(closed));
  EXPECT_EQ(closed, 3);
  EXPECT_NE(pool.Take("a"), nullptr);
  EXPECT_NE(pool.Take("a"), nullptr);
  EXPECT_EQ(pool.Take("a"), nullptr);
  EXPECT_NE(pool.Take("b"), nullptr);
}

}  // namespace
}  // namespace sluice::sources
