// kube/index_impl.h: the inside of OwnedIndex, shared by index.cpp (watches, questions) and index_judge.cpp (what an event means).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "kube/owned_table.h"
#include "net/executor.h"
#include "rollout/takeover.h"

namespace sluice::kube {

/// What is read off one live object.
struct OwnedIndex::Impl {
  struct Facts {
    std::string_view uid, ns, name, owner_ns, owner_name;  // into the object
    std::uint64_t version = 0, fingerprint = 0;
    rollout::Status status;
    rollout::Selectors selectors;
    bool deleting = false, leftovers = false;
  };

  /// The part of a row that changes are judged by.
  struct Before {
    std::uint64_t version = 0, fingerprint = 0;
    rollout::Status status;
    rollout::Selectors selectors;
    bool leftovers = false;
  };

  /// A write of ours to one object that is under way, or several.
  struct Pending {
    int guards = 0;
    std::optional<Before> before;  // what the verdict compares with: the row when it began, then what was applied
    bool applied = false;
    Owner owner;
    std::optional<Owner> owner_before;  // of the row when the first guard was taken
    std::uint64_t gone_version = 0;     // the watch said it is gone as of this version; 0: it did not
    bool foretold = false;              // and we had deleted it
  };

  struct KindWatch final : WatchListener {
    KindWatch(Impl& index, KindId kind, document::GroupVersionKind gvk, ReflectorOptions options);
    Impl& index;
    const KindId kind;
    std::uint32_t list = 0;
    bool told = false;  // the first list is over: from now on there is news
    Reflector reflector;
    void OnListBegin() override { ++list; }
    void OnObject(document::Value object) override { index.OnObject(*this, object); }
    void OnDeleted(document::Value object) override { index.OnDeleted(*this, object); }
    void OnListEnd(std::string_view resource_version) override { index.OnListEnd(*this, resource_version); }
    void OnRewound() override { index.OnRewound(*this); }
  };

  Client& client;
  const IndexOptions options;
  const rollout::TakeoverRules takeover;
  OwnedListener& listener;
  const std::string name_label, namespace_label;
  OwnedTable table;
  std::vector<document::GroupVersionKind> kinds;  // by KindId
  std::map<document::GroupVersionKind, KindId> kind_ids;
  std::map<document::GroupVersionKind, std::unique_ptr<KindWatch>> watches;
  std::map<ObjectRef, Pending> pending;
  std::vector<std::unique_ptr<KindWatch>> closing;  // forgotten, perhaps from inside their own call
  bool closed = false;

  Impl(Client& c, IndexOptions o, OwnedListener& l);

  // index.cpp
  KindId IdOfKind(const document::GroupVersionKind& gvk);
  ObjectRef RefOf(const Row& row) const;
  OwnedObject ToObject(const Row& row) const;
  RowId FindRow(const ObjectRef& ref) const;
  void EraseKind(KindId kind);

  // index_judge.cpp
  Facts Read(const document::Value& object) const;
  rollout::Status StatusOf(const Facts& facts, const document::Value& object) const;
  Before BeforeOf(const Row& row) const;
  void Store(RowId id, const Facts& facts);
  void OnObject(KindWatch& watch, const document::Value& object);
  void OnDeleted(KindWatch& watch, const document::Value& object);
  void OnListEnd(KindWatch& watch, std::string_view resource_version);
  void OnRewound(const KindWatch& watch);
  void Remove(RowId id, std::uint64_t version, bool quiet);
  Changes Compare(const Before& before, const Row& row) const;
  void Tell(const Owner& owner, const ObjectRef& ref, Changes changes);
  Pending* PendingOf(const Row& row);
  void Begin(const ObjectRef& ref);
  void Applied(const ObjectRef& ref, const document::Value& stored, std::uint64_t desired);
  void ForetellGone(const ObjectRef& ref, std::string_view uid);
  void End(const ObjectRef& ref);
};

}  // namespace sluice::kube
