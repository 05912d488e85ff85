package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A pipeline as a user may have one: numbers out of pictures, and a direction out of the frames of a video. */
record Inspection(InternVL model) {

    /** How many shapes each picture shows; all pictures in one batch. */
    List<Integer> count(List<Path> pictures) {
        List<ChatRequest> requests = pictures.stream()
                .map(file -> ChatRequest.of("<image>\nHow many shapes are there?", Image.open(file)))
                .toList();
        return model.batchChat(requests).stream()
                .map(ChatResponse::text)
                .map(Integer::valueOf)
                .toList();
    }

    /** Where something in a clip goes; each frame has one tile. */
    String direction(String what, List<Path> frames) {
        String tags = IntStream.rangeClosed(1, frames.size())
                .mapToObj(number -> "Frame" + number + ": <image>\n")
                .collect(Collectors.joining());
        ChatRequest request = ChatRequest.builder()
                .text(tags + "Which way does the " + what + " move?")
                .images(frames.stream().map(Image::open).toList())
                .maxTiles(1)
                .build();
        return model.chat(request).text();
    }
}
