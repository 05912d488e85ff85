/**
 * The contract between {@link io.github.internvl.vision.Image} and {@link io.github.internvl.vision.Video} and the decoders
 * behind them: the encoded file with its limits, the decoded pixels, the two services, and the one exception that all of
 * them throw.
 */
@NullMarked
package io.github.internvl.vision.spi;

import org.jspecify.annotations.NullMarked;
