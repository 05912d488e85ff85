package io.github.internvl.examples.flink;

import io.github.internvl.demo.DemoModel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Asks about the pictures of a stream; without arguments about the samples of the demo model. */
public final class PictureStream {
    private PictureStream() {}

    /** Answers about the files that the arguments name, in their order. */
    public static void main(String... files) throws Exception {
        List<String> pictures = files.length > 0
                ? List.of(files)
                : Stream.of("shapes.png", "word.png", "chart.png")
                        .map(name -> DemoModel.sample(name).toString())
                        .toList();
        String model = DemoModel.path().toString();
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setParallelism(2);
        // tag::flink-stream[]
        DataStream<String> stream = environment.fromData(pictures);
        DataStream<Tuple2<String, String>> answers = AsyncDataStream.orderedWait(
                stream, new AskModel(model, "Describe the picture."), 60, TimeUnit.SECONDS, 16);
        answers.print();
        environment.execute("pictures");
        // end::flink-stream[]
    }
}
