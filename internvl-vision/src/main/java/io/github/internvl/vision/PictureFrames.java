package io.github.internvl.vision;

import io.github.internvl.vision.VideoException.Reason;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Frames that are pictures already, or files of pictures, each opened when it is wanted. */
record PictureFrames(int frameCount, double framesPerSecond, IntFunction<Image> pictures) implements FrameSource {
    private static final Pattern PICTURE = Pattern.compile("(?i)[^.].*\\.(png|jpe?g|bmp|tiff?|webp|gif)");
    private static final Pattern PARTS = Pattern.compile("\\d+|\\D+");

    PictureFrames {
        if (!(framesPerSecond > 0) || Double.isInfinite(framesPerSecond)) {
            throw new IllegalArgumentException("framesPerSecond must be a number above 0: " + framesPerSecond);
        }
    }

    static PictureFrames of(List<Image> frames, double framesPerSecond) {
        if (frames.isEmpty()) {
            throw new VideoException(Reason.EMPTY, "a video must have frames: the list is empty", null);
        }
        return new PictureFrames(frames.size(), framesPerSecond, List.copyOf(frames)::get);
    }

    static PictureFrames of(Path folder, double framesPerSecond) {
        List<Path> files = files(folder);
        if (files.isEmpty()) {
            throw new VideoException(
                    Reason.EMPTY,
                    folder + ": must have frames as picture files (.png, .jpg, .bmp, .tif, .webp, .gif): none found",
                    null);
        }
        return new PictureFrames(files.size(), framesPerSecond, index -> Image.open(files.get(index)));
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(file -> PICTURE.matcher(nameOf(file)).matches())
                    .sorted(Comparator.comparing(PictureFrames::nameOf, PictureFrames::compareNumerically))
                    .toList();
        } catch (IOException e) {
            throw new VideoException(
                    Reason.UNREADABLE, folder + ": must be a readable folder: " + e + "; check the path", e);
        }
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** Numbers by value, so that frame-10 comes after frame-9; the rest by character. */
    private static int compareNumerically(String left, String right) {
        Matcher a = PARTS.matcher(left);
        Matcher b = PARTS.matcher(right);
        while (a.find() && b.find()) {
            boolean numbers = Character.isDigit(a.group().charAt(0))
                    && Character.isDigit(b.group().charAt(0));
            int order = numbers
                    ? new BigInteger(a.group()).compareTo(new BigInteger(b.group()))
                    : a.group().compareTo(b.group());
            if (order != 0) {
                return order;
            }
        }
        return left.compareTo(right);
    }

    @Override
    public List<Image> read(int[] indices) {
        return Arrays.stream(indices).mapToObj(pictures).toList();
    }
}
