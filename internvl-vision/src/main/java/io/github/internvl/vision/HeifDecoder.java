package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * AVIF and HEIC: a frame of a video codec, or a grid of such, which the {@link VideoDecoder} on the class path decodes as the
 * frames of an MP4. Alpha and other pictures than the primary one are passed over.
 *
 * <p>An AVIF is turned only where the options ask for it, as Pillow does; a HEIC always is cut and turned, as its readers do,
 * since phones store the frames of their sensor.
 */
final class HeifDecoder {
    private static final String GRID = "grid";
    private static final int MOST_TILES = 1024;
    private static final int LONGEST_FRAME_SIDE = 0xffff;
    private static final long PADDING = 256;
    private static final Duration MOST_TIME = Duration.ofSeconds(60);

    /** Codecs, and the property that sets each up. */
    private static final Map<String, String> CODECS =
            Map.of("av01", "av1C", "hvc1", "hvcC", "hev1", "hvcC", "avc1", "avcC");

    private final EncodedImage image;
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

    private HeifDecoder(EncodedImage image) {
        this.image = image;
        this.file = HeifFile.read(image);
    }

    static Image decode(EncodedImage image) {
        return new HeifDecoder(image).decode();
    }

    private Image decode() {
        long item = file.primary();
        Size size = size(item);
        boolean grid = file.type(item).equals(GRID);
        Image picture = grid
                ? grid(item, size)
                : frames(List.of(item), size, size.pixels()).get(0);
        boolean avif = file.type(grid ? file.parts(item).get(0) : item).equals("av01");
        if (avif) {
            return image.appliesOrientation() ? Orientation.upright(picture, orientation(item)) : picture;
        }
        return Orientation.upright(cut(picture, item), orientation(item));
    }

    /** The part of a picture that its clean aperture leaves, whose middle is told from that of the picture. */
    private Image cut(Image whole, long item) {
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
        byte[] rgb = new byte[width * height * 3];
        for (int y = 0; y < height; y++) {
            System.arraycopy(whole.pixels(), ((top + y) * whole.width() + left) * 3, rgb, y * width * 3, width * 3);
        }
        return new Image(width, height, rgb);
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

    private Image grid(long item, Size size) {
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
        List<Image> tiles = frames(parts, tile, tile.pixels() * parts.size());
        byte[] rgb = new byte[size.width * size.height * 3];
        for (int i = 0; i < tiles.size(); i++) {
            int left = i % columns * tile.width;
            int top = i / columns * tile.height;
            int wide = Math.min(tile.width, size.width - left) * 3;
            for (int y = 0; y < tile.height && top + y < size.height && wide > 0; y++) {
                System.arraycopy(
                        tiles.get(i).pixels(), y * tile.width * 3, rgb, ((top + y) * size.width + left) * 3, wide);
            }
        }
        return new Image(size.width, size.height, rgb);
    }

    /** Decodes items that are coded alike and of one size. */
    private List<Image> frames(List<Long> items, Size size, long pixels) {
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
        VideoOptions limits = new VideoOptions(mp4.length, size.padded(), pixels, MOST_TIME);
        try {
            List<Image> frames =
                    Video.open(VideoFile.of("coded picture", mp4, limits)).sample(FrameSampling.all());
            if (frames.size() != items.size()
                    || !frames.stream().allMatch(frame -> size.equals(new Size(frame.width(), frame.height())))) {
                throw corrupt("what is coded must be as large as announced, " + size);
            }
            return frames;
        } catch (VideoException e) {
            throw failure(e);
        }
    }

    private ImageException failure(VideoException cause) {
        Reason reason = switch (cause.reason()) {
            case NO_DECODER, UNSUPPORTED_FORMAT -> Reason.UNSUPPORTED_FORMAT;
            case TOO_LARGE -> Reason.TOO_LARGE;
            case TOO_SLOW -> Reason.TOO_SLOW;
            default -> Reason.CORRUPT;
        };
        return image.failure(reason, "AVIF and HEIC are decoded as videos are: " + cause.getMessage(), cause);
    }

    /** The EXIF orientation that the item's turns and mirrorings come to: first the turn, then the mirror. */
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
                .orElseThrow(() -> corrupt("item " + item + " must have the property " + type + ": it has not"));
    }

    private ImageException corrupt(String rule) {
        return image.failure(Reason.CORRUPT, rule + "; get the file again");
    }
}
