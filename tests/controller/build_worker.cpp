// The worker of builder_test.cpp, as the controller's own program is when it is run as one.
#include "controller/kustomization/builder.h"

int main() { return sluice::controller::kustomization::ServeBuilds(); }
