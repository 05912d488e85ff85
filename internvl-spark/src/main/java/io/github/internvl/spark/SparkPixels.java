package io.github.internvl.spark;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.vision.Image;
import org.apache.spark.sql.Row;

/** The pixels of Spark's {@code image} source, which has them as OpenCV does: rows from the top, blue, green, red, and alpha or not. */
final class SparkPixels {
    private static final int RGB = 3;

    private SparkPixels() {}

    /** The picture of a struct of that source; alpha is dropped, and gray is repeated. */
    static Image of(Row struct) {
        int height = struct.getInt(struct.fieldIndex("height"));
        int width = struct.getInt(struct.fieldIndex("width"));
        int channels = struct.getInt(struct.fieldIndex("nChannels"));
        byte[] data = struct.getAs("data");
        if (height < 1 || width < 1 || (channels != 1 && channels != RGB && channels != 4)) {
            throw new InvalidRequestException("a struct of the image source must hold a picture of 1, 3 or 4 channels: "
                    + width + " x " + height + ", channels " + channels
                    + "; the source marks files so that it cannot read, and binaryFile may read more of them");
        }
        if ((long) height * width * channels != data.length) {
            throw new InvalidRequestException("a picture of " + width + " x " + height + " and " + channels
                    + " channels must have as many bytes: " + data.length);
        }
        byte[] rgb = new byte[Math.multiplyExact(RGB, height * width)];
        for (int from = 0, to = 0; from < data.length; from += channels, to += RGB) {
            rgb[to] = data[from + (channels == 1 ? 0 : 2)];
            rgb[to + 1] = data[from + (channels == 1 ? 0 : 1)];
            rgb[to + 2] = data[from];
        }
        return Image.ofRgb(width, height, rgb);
    }
}
