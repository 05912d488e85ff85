package io.github.internvl.internal.torch;

import io.github.internvl.InternVLException;
import java.nio.file.FileSystemException;

/** Why a native library does not load, in a sentence that says what to do. */
final class LoadFailure {
    private static final String TORCH = "2.7.1";

    private LoadFailure() {}

    static InternVLException of(String thing, Throwable failure) {
        return new InternVLException(thing + " cannot be loaded: " + sentence(thing, failure), failure);
    }

    private static String sentence(String thing, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("already loaded in another classloader")) {
                return "one class loader of a process must load it, and another has (" + message
                        + "); put the jars of InternVL and DJL into the class loader that the applications share, or give"
                        + " each application a process of its own";
            }
            if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
                return "the file system of its folder must permit execution (" + message
                        + "); set DJL_CACHE_DIR to a folder that is not mounted noexec";
            }
            if (message.contains("GLIBC") || message.contains("ld-linux") || message.contains("libc.musl")) {
                return "it needs a Linux with glibc 2.28 or later, which Alpine is not (" + message
                        + "); use another distribution";
            }
            if (message.contains("No space left on device")) {
                return "it takes 460 MB of disk to unpack (" + message
                        + "); make room, or set DJL_CACHE_DIR to a folder that has it";
            }
            if (cause instanceof FileSystemException file) {
                return "it must be unpacked into a folder that can be written (" + file
                        + "); set DJL_CACHE_DIR, as a variable of the environment or a system property, to such a folder";
            }
            if (cause instanceof AssertionError) { // DJL's, and nobody else's
                return "the jar of the application must keep the properties files of DJL (" + message
                        + "); have its build merge resources instead of leaving them out";
            }
        }
        if (!thing.equals("libtorch")) {
            return "the jar ai.djl.huggingface:tokenizers must be on the class path whole, with the library of this"
                    + " platform: " + failure.getMessage();
        }
        if (LibraryLoader.isFolderChosen()) {
            return "the folder of PYTORCH_LIBRARY_PATH must have libtorch " + TORCH
                    + " and all that it needs, and no other" + " library, since DJL loads each of its files: "
                    + root(failure) + "; docs/gpu.md lists them";
        }
        return "put ai.djl.pytorch:pytorch-native-cpu:" + TORCH
                + " with the classifier of this platform (linux-x86_64, linux-aarch64, osx-aarch64, win-x86_64) on the"
                + " class path, or let DJL download one: " + root(failure);
    }

    /** The message of the first cause, which names the file. */
    private static String root(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return String.valueOf(first.getMessage());
    }
}
