package io.github.internvl.vision.tiles;

import io.github.internvl.vision.Goldens;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * How long one thread takes to resize a picture. It runs by name alone: {@code mvn -pl internvl-vision test
 * -Dtest=ResamplerBenchmark}; {@code src/test/python/resize_speed.py} measures Pillow's resizes of the same sizes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ResamplerBenchmark {
    /** From and to, width x height each. */
    @Param({"4000x3000>1792x1344", "4000x3000>448x448", "1920x1080>1792x896", "640x480>1792x1344", "448x448>448x448"})
    public String sizes = "";

    @Param({"ROWS_FIRST", "LESS_WORK_FIRST"})
    public PassOrder order = PassOrder.ROWS_FIRST;

    private Image image = Image.ofRgb(1, 1, new byte[3]);
    private int width;
    private int height;

    /** Draws noise. */
    @Setup
    public void draw() {
        String[] numbers = sizes.split("[x>]", -1);
        image = Goldens.noise(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
        width = Integer.parseInt(numbers[2]);
        height = Integer.parseInt(numbers[3]);
    }

    /** The last byte of a resized picture. */
    @Benchmark
    public int resize() {
        int[] last = new int[1];
        new Resampler(image, width, height, order).rows(0, height, (y, row) -> last[0] = row[row.length - 1]);
        return last[0];
    }

    @Test
    void printsTimes() throws RunnerException {
        new Runner(new OptionsBuilder()
                        .include(ResamplerBenchmark.class.getSimpleName())
                        .forks(1)
                        .warmupIterations(3)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(5)
                        .measurementTime(TimeValue.seconds(1))
                        .build())
                .run();
    }
}
