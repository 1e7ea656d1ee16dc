// From client-side to server-side apply.
#include "releases/managed_fields.h"

#include <gtest/gtest.h>

#include "document/json.h"

namespace sluice::releases {
namespace {

document::Value Json(std::string_view text) { return document::ParseJson(text).value(); }

TEST(ManagedFields, WhatWasUpdatedBecomesApplied) {
  const document::Value live = Json(R"({"metadata":{"resourceVersion":"7","managedFields":[
    {"manager":"helm","operation":"Update","fieldsV1":{"f:data":{"f:a":{}}}},
    {"manager":"kubelet","operation":"Update","fieldsV1":{"f:data":{"f:k":{}}}},
    {"manager":"helm","operation":"Apply","fieldsV1":{"f:data":{"f:b":{}}}},
    {"manager":"helm","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}}]}})");
  const auto patch = UpgradeManagedFields(live, "helm");
  ASSERT_TRUE(patch);
  EXPECT_EQ(document::EmitJson(*patch), R"([{"op":"replace","path":"/metadata/managedFields","value":[)"
                                        R"({"manager":"kubelet","operation":"Update","fieldsV1":{"f:data":{"f:k":{}}}},)"
                                        R"({"manager":"helm","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}},)"
                                        R"({"manager":"helm","operation":"Apply","fieldsV1":{"f:data":{"f:b":{},"f:a":{}}}}]},)"
                                        R"({"op":"replace","path":"/metadata/resourceVersion","value":"7"}])");
  EXPECT_FALSE(UpgradeManagedFields(live, "kubectl"));
}

}  // namespace
}  // namespace sluice::releases
