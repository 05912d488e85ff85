package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;
import java.util.OptionalInt;

/**
 * One past round of a conversation. Immutable.
 *
 * @param question what was asked, as it stands in the prompt: an {@code <image>} tag where pictures were put in
 * @param images the pictures of the question
 * @param maxTiles most tiles that each of them was cut into, without its thumbnail; empty for what the request says
 * @param answer what was answered
 */
public record Turn(String question, List<Image> images, OptionalInt maxTiles, String answer) {

    /** Copies the list. */
    public Turn {
        images = List.copyOf(images);
    }

    /** A round with pictures, tiled as those of the request that it is history of. */
    public Turn(String question, List<Image> images, String answer) {
        this(question, images, OptionalInt.empty(), answer);
    }

    /** A round without pictures. */
    public Turn(String question, String answer) {
        this(question, List.of(), answer);
    }
}
