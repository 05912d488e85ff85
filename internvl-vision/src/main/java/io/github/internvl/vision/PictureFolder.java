package io.github.internvl.vision;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A folder of picture files that are the frames of a video. */
final class PictureFolder {
    private static final Pattern PICTURE = Pattern.compile("(?i)[^.].*\\.(png|jpe?g|bmp|tiff?|webp|gif)");
    private static final Pattern PARTS = Pattern.compile("\\d+|\\D+");

    private PictureFolder() {}

    /** The picture files, at least one, in the order of the numbers in their names. */
    static List<Path> files(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(
                            file -> PICTURE.matcher(nameOf(file)).matches())
                    .sorted(Comparator.comparing(PictureFolder::nameOf, PictureFolder::compareNumerically))
                    .toList();
            if (files.isEmpty()) {
                throw new MediaException(
                        Reason.EMPTY,
                        folder
                                + ": must have frames as picture files (.png, .jpg, .bmp, .tif, .webp, .gif): none found",
                        null);
            }
            return files;
        } catch (IOException e) {
            throw new MediaException(
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
}
