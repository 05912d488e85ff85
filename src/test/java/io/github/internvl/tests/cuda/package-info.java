/** The way over CUDA, on a stand-in for its runtime: placement, launches, transfers, memory and errors, without a GPU. */
@org.jspecify.annotations.NullMarked
package io.github.internvl.tests.cuda;
