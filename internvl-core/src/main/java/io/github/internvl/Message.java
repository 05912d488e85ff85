package io.github.internvl;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message of a dialogue, as chat protocols and frameworks keep it. {@link ChatRequest.Builder#messages} folds a list of them into
 * the question that is asked now, with the rounds before it. Immutable.
 *
 * <p>A model is trained on rounds of one question and one answer each, after one system message. The fold makes rounds of any
 * list:
 *
 * <ul>
 *   <li>System messages are joined by an empty line, wherever they stand, and stand at the beginning.
 *   <li>User messages in a row are joined by a new line to one question, and assistant messages in a row to one answer. An
 *       answer without a question before it belongs to an empty one.
 *   <li>Tool results count as the user's. They open the question after the calls, in the order of the calls that they name; a
 *       result that names none of them comes after the others.
 *   <li>Pictures before or after all words of a message take one place together, as in {@link ChatRequest}. Pictures among its
 *       words stand where they are, an {@code <image>} tag for each on its own line, or after a colon on the same one. Where
 *       joined messages bring pictures each, every picture has a tag in its own message; one tag for several is repeated.
 *   <li>The pictures of a question share one tiling: the largest of each limit that they name.
 *   <li>The frames of a clip come first, each in its line {@code Frame1: <image>}. A message with a clip cannot be joined.
 * </ul>
 *
 * <p>Texts are literal: a tag {@code <image>} in them stands for no picture and is written {@code < image>}. The one exception is a
 * message of pictures whose own words hold tags, which then place its pictures. Special tokens keep their meaning unless the request
 * has {@link ChatRequest.Builder#untrustedText}.
 */
public sealed interface Message {
    /**
     * Instructions for the whole dialogue.
     *
     * @param text the instructions
     */
    @SuppressWarnings("JavaLangClash") // the name that every protocol gives the role; used as Message.System
    record System(String text) implements Message {}

    /**
     * A message of the user.
     *
     * @param contents words, and pictures or one clip, in their order; at least one
     */
    record User(List<Content> contents) implements Message {
        /**
         * Copies the list.
         *
         * @throws MisplacedException if it is empty, or has a clip beside another clip or a picture
         */
        public User {
            contents = List.copyOf(contents);
            Content shown = null;
            for (int i = 0; i < contents.size(); i++) {
                Content content = contents.get(i);
                if (shown != null
                        && (content instanceof Clip || (shown instanceof Clip && content instanceof Picture))) {
                    throw new MisplacedException(
                            i,
                            "a user message must have pictures or one clip, and content " + i + " is a "
                                    + content.getClass().getSimpleName() + " after a "
                                    + shown.getClass().getSimpleName() + "; put it into a later round");
                }
                shown = content instanceof Text ? shown : content;
            }
            if (contents.isEmpty()) {
                throw new MisplacedException(0, "a user message must have contents: it has none; add a text");
            }
        }

        /** A message of pictures and the words about them. */
        public static User of(String text, Image... images) {
            List<Content> contents = new ArrayList<>();
            for (Image image : images) {
                contents.add(new Picture(image, ChatRequest.Tiling.OPEN));
            }
            contents.add(new Text(text));
            return new User(contents);
        }
    }

    /**
     * An answer of the model.
     *
     * @param text the words before the calls; empty for none
     * @param calls the tools that it asked for
     */
    record Assistant(String text, List<Tool.Call> calls) implements Message {
        /** Copies the list. */
        public Assistant {
            calls = List.copyOf(calls);
        }

        /**
         * An answer as the model wrote it, the text of a {@link ChatResponse}: the words before its calls, and the calls with the ids of
         * {@link ChatResponse#toolCalls}. Words after a call are left out.
         */
        public static Assistant of(String text) {
            List<Tool.Call> calls = Tool.Call.in(text);
            return calls.isEmpty()
                    ? new Assistant(text, calls)
                    : new Assistant(
                            text.substring(0, text.indexOf(Tool.Call.START)).stripTrailing(), calls);
        }
    }

    /**
     * The result of a tool that the model called.
     *
     * @param id the {@linkplain Tool.Call#id id} of its call; null if unknown
     * @param text the result
     */
    record ToolResult(@Nullable String id, String text) implements Message {}

    /** A part of a user's message. */
    sealed interface Content {}

    /**
     * Words. Texts in a row are joined by a new line.
     *
     * @param text the words
     */
    record Text(String text) implements Content {}

    /**
     * A picture.
     *
     * @param image the picture
     * @param tiling how it is cut into tiles; where it is open, as the request says
     */
    record Picture(Image image, ChatRequest.Tiling tiling) implements Content {
        /** A picture with the tiling of its request. */
        public static Picture of(Image image) {
            return new Picture(image, ChatRequest.Tiling.OPEN);
        }
    }

    /**
     * Frames of one video.
     *
     * @param frames the frames in their order, at least one
     * @param tiling how each is cut into tiles; where its most tiles are open, one
     */
    record Clip(List<Image> frames, ChatRequest.Tiling tiling) implements Content {
        /** Copies the list; throws {@link InvalidRequestException} if it is empty. */
        public Clip {
            frames = List.copyOf(frames);
            if (frames.isEmpty()) {
                throw new InvalidRequestException(
                        "a clip must have frames: it has none; sample at least one of its video");
            }
        }

        /** As many frames of a video as {@link ChatRequest.Builder#video(Video)} takes, decoded by the calling thread. */
        public static Clip of(Video video) {
            return of(video, Video.Sampling.frames(ChatRequest.Builder.FRAMES));
        }

        /** Frames of a video, decoded by the calling thread. */
        public static Clip of(Video video, Video.Sampling sampling) {
            return new Clip(video.sample(sampling), ChatRequest.Tiling.OPEN);
        }
    }

    /**
     * A message that cannot stand at its place in a dialogue, or a content that cannot stand at its place in a message. A protocol
     * that words its own errors finds the place in {@link #index}.
     */
    final class MisplacedException extends InvalidRequestException {
        private static final long serialVersionUID = 1L;

        private final int index;

        MisplacedException(int index, String message) {
            super(message);
            this.index = index;
        }

        /** The index in the list of messages, or of contents; the size of the list if something is missing at its end. */
        public int index() {
            return index;
        }
    }
}
