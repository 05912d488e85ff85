/** The only place that knows DJL's PyTorch engine: script modules, opaque tensors, the runtime. */
@NullMarked
package io.github.internvl.internal.torch;

import org.jspecify.annotations.NullMarked;
