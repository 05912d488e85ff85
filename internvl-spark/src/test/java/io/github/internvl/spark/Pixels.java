package io.github.internvl.spark;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A picture as the image source of Spark's MLlib gives it: the columns of its ImageSchema, and OpenCV's order of bytes. */
final class Pixels {
    private static final int CV_8UC3 = 16;

    private static final StructType IMAGE = new StructType()
            .add("origin", DataTypes.StringType)
            .add("height", DataTypes.IntegerType)
            .add("width", DataTypes.IntegerType)
            .add("nChannels", DataTypes.IntegerType)
            .add("mode", DataTypes.IntegerType)
            .add("data", DataTypes.BinaryType);

    private Pixels() {}

    static Dataset<Row> frame(SparkSession spark, Path file) {
        Row image = of(file);
        return spark.createDataFrame(List.of(RowFactory.create(image)), new StructType().add("image", IMAGE));
    }

    private static Row of(Path file) {
        try {
            BufferedImage picture = ImageIO.read(file.toFile());
            int width = picture.getWidth();
            byte[] data = new byte[width * picture.getHeight() * 3];
            for (int place = 0; place < data.length / 3; place++) {
                int rgb = picture.getRGB(place % width, place / width);
                data[3 * place] = (byte) rgb;
                data[3 * place + 1] = (byte) (rgb >> 8);
                data[3 * place + 2] = (byte) (rgb >> 16);
            }
            return RowFactory.create(file.toString(), picture.getHeight(), width, 3, CV_8UC3, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
