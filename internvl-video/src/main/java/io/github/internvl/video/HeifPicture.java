package io.github.internvl.video;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The primary picture of an AVIF or HEIC file: a frame of a video codec, or a grid of such frames, which FFmpeg decodes as
 * the frames of an MP4. Alpha and other pictures are ignored.
 *
 * <p>An AVIF is rotated only if the options ask for it, as Pillow does. A HEIC is always cropped and rotated, as its readers
 * do, since phones store the frames of their sensor.
 */
final class HeifPicture {
    private static final String GRID = "grid";
    private static final int MOST_TILES = 1024;
    private static final int LONGEST_FRAME_SIDE = 0xffff;
    private static final long PADDING = 256;
    private static final Duration MOST_TIME = Duration.ofSeconds(60);

    /** Codecs, and the property that sets each up. */
    private static final Map<String, String> CODECS =
            Map.of("av01", "av1C", "hvc1", "hvcC", "hev1", "hvcC", "avc1", "avcC");

    private final ImageFile image;
    private final HeifFile file;

    private record Size(int width, int height) {
        long pixels() {
            return (long) width * height;
        }

        /** The size that a decoder may allocate for it, in whole blocks and with edges. */
        long padded() {
            return Math.min((width + PADDING) * (height + PADDING), Integer.MAX_VALUE / 3);
        }
    }

    /** Reads the boxes of a file. */
    HeifPicture(ImageFile image) {
        this.image = image;
        this.file = HeifFile.read(image);
    }

    Pixels decode() {
        long item = file.primary();
        Size size = size(item);
        boolean grid = file.type(item).equals(GRID);
        Pixels picture = grid
                ? grid(item, size)
                : frames(List.of(item), size, size.pixels()).get(0);
        boolean avif = file.type(grid ? file.parts(item).get(0) : item).equals("av01");
        if (avif) {
            return image.appliesOrientation() ? picture.upright(orientation(item)) : picture;
        }
        return cropped(picture, item).upright(orientation(item));
    }

    /** The clean aperture of a picture, whose centre is given relative to the picture's. */
    private Pixels cropped(Pixels whole, long item) {
        Optional<HeifBox> aperture = file.property(item, "clap");
        if (aperture.isEmpty()) {
            return whole;
        }
        HeifBox box = aperture.get();
        int width = (int) ratio(box);
        int height = (int) ratio(box);
        int left = (int) Math.floor(ratio(box) + (whole.width() - width) / 2.0);
        int top = (int) Math.floor(ratio(box) + (whole.height() - height) / 2.0);
        if (width < 1
                || height < 1
                || left < 0
                || top < 0
                || left > whole.width() - width
                || top > whole.height() - height) {
            throw corrupt(
                    "a clean aperture must lie in the picture: " + width + " x " + height + " at " + left + ", " + top);
        }
        return whole.crop(left, top, width, height);
    }

    private static double ratio(HeifBox box) {
        return (double) (int) box.number(4) / (int) box.number(4);
    }

    private Size size(long item) {
        HeifBox size = property(item, "ispe");
        size.version();
        long width = size.number(4);
        long height = size.number(4);
        image.checkSize(width, height);
        return new Size((int) width, (int) height);
    }

    private Pixels grid(long item, Size size) {
        ByteBuffer layout = ByteBuffer.wrap(file.data(item));
        int rows = (layout.get(2) & 0xff) + 1;
        int columns = (layout.get(3) & 0xff) + 1;
        List<Long> parts = file.parts(item);
        if (parts.size() != rows * columns || parts.size() > MOST_TILES) {
            throw corrupt("a grid of " + columns + " x " + rows + " must have a tile for each place, at most "
                    + MOST_TILES + ": " + parts.size());
        }
        Size tile = size(parts.get(0));
        if ((long) tile.width * columns < size.width || (long) tile.height * rows < size.height) {
            throw corrupt("tiles must fill the picture: " + columns + " x " + rows + " of " + tile);
        }
        image.checkSize((long) tile.width * columns, (long) tile.height * rows);
        List<Pixels> tiles = frames(parts, tile, tile.pixels() * parts.size());
        byte[] rgb = new byte[size.width * size.height * 3];
        for (int i = 0; i < tiles.size(); i++) {
            int left = i % columns * tile.width;
            int top = i / columns * tile.height;
            int wide = Math.min(tile.width, size.width - left) * 3;
            for (int y = 0; y < tile.height && top + y < size.height && wide > 0; y++) {
                System.arraycopy(
                        tiles.get(i).rgb(), y * tile.width * 3, rgb, ((top + y) * size.width + left) * 3, wide);
            }
        }
        return new Pixels(size.width, size.height, rgb);
    }

    /** Decodes items that are coded alike and of one size. */
    private List<Pixels> frames(List<Long> items, Size size, long pixels) {
        long first = items.get(0);
        String codec = file.type(first);
        String setup = CODECS.get(codec);
        if (setup == null || Math.max(size.width, size.height) > LONGEST_FRAME_SIDE) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "a HEIF picture must be AV1, HEVC or H.264 in one frame or a grid: \"" + codec + "\"; convert it");
        }
        byte[] configuration = property(first, setup).bytes();
        Optional<byte[]> colours = file.property(first, "colr").map(HeifBox::bytes);
        List<byte[]> samples = new ArrayList<>();
        for (long item : items) {
            if (!file.type(item).equals(codec)
                    || !Arrays.equals(property(item, setup).bytes(), configuration)) {
                throw image.failure(
                        Reason.UNSUPPORTED_FORMAT,
                        "the tiles of a picture must be coded alike: they differ; convert it");
            }
            samples.add(file.data(item));
        }
        byte[] mp4 = new Mp4Samples(codec, configuration, colours.orElse(new byte[0]), size.width, size.height)
                .with(samples);
        VideoFile.Limits limits = new VideoFile.Limits(mp4.length, size.padded(), pixels, MOST_TIME);
        try {
            VideoDecoder.Frames coded = new FfmpegVideoDecoder().open(VideoFile.of("coded picture", mp4, limits));
            List<Pixels> frames =
                    coded.read(IntStream.range(0, coded.frameCount()).toArray());
            if (frames.size() != items.size()
                    || !frames.stream().allMatch(frame -> size.equals(new Size(frame.width(), frame.height())))) {
                throw corrupt("the coded pictures must have the announced size, " + size);
            }
            return frames;
        } catch (MediaException e) {
            throw failure(e);
        }
    }

    private MediaException failure(MediaException cause) {
        Reason reason = switch (cause.reason()) {
            case NO_DECODER, UNSUPPORTED_FORMAT, TOO_LARGE, TOO_SLOW -> cause.reason();
            default -> Reason.CORRUPT;
        };
        return image.failure(reason, "AVIF and HEIC are decoded as videos are: " + cause.getMessage(), cause);
    }

    /** The EXIF orientation of an item's rotation and then its mirroring. */
    private int orientation(long item) {
        int turns = file.property(item, "irot").map(box -> box.u8() & 3).orElse(0);
        int mirror = file.property(item, "imir").map(box -> 1 + (box.u8() & 1)).orElse(0);
        int[] turned = switch (mirror) {
            case 0 -> new int[] {1, 8, 3, 6};
            case 1 -> new int[] {4, 5, 2, 7};
            default -> new int[] {2, 7, 4, 5};
        };
        return turned[turns];
    }

    private HeifBox property(long item, String type) {
        return file.property(item, type)
                .orElseThrow(() -> corrupt("item " + item + " must have the property " + type + ": it has none"));
    }

    private MediaException corrupt(String rule) {
        return image.failure(Reason.CORRUPT, rule + "; get the file again");
    }
}
