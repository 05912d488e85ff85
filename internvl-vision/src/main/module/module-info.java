/** Pictures and clips: decoding, tiling, resampling. */
module io.github.internvl.vision {
    requires transitive java.desktop;
    requires webp.imageio;
    requires static org.jspecify;

    exports io.github.internvl.vision;
    exports io.github.internvl.vision.spi;
    exports io.github.internvl.vision.tiles to
            io.github.internvl,
            io.github.internvl.cli;

    uses io.github.internvl.vision.spi.ImageDecoder;
    uses io.github.internvl.vision.spi.VideoDecoder;
}
