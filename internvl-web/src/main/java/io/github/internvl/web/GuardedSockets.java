package io.github.internvl.web;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.List;
import javax.net.SocketFactory;

/**
 * The sockets of one request. They connect to the addresses that were checked and to no other, however the client came by an
 * address; and they bound the bytes that arrive while the body does not grow: headers, and the lines between chunks, which
 * the client would collect without a limit. For one thread.
 */
final class GuardedSockets extends SocketFactory {
    /** A handshake of TLS with a long chain of certificates, and 64 KiB of headers. */
    static final int MOST_IDLE_BYTES = 1 << 17;

    private final List<InetAddress> checked;
    private int idleBytes;
    private boolean flooded;

    GuardedSockets(List<InetAddress> checked) {
        this.checked = checked;
    }

    /** Notes that the body has grown. */
    void grew() {
        idleBytes = 0;
    }

    /** Whether more bytes arrived than the bound allows. */
    boolean isFlooded() {
        return flooded;
    }

    @Override
    public Socket createSocket() {
        return new GuardedSocket();
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw new UnsupportedOperationException("only sockets that are not connected yet");
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) {
        throw new UnsupportedOperationException("only sockets that are not connected yet");
    }

    @Override
    public Socket createSocket(InetAddress address, int port) {
        throw new UnsupportedOperationException("only sockets that are not connected yet");
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress local, int localPort) {
        throw new UnsupportedOperationException("only sockets that are not connected yet");
    }

    private final class GuardedSocket extends Socket {
        GuardedSocket() {
            super(Proxy.NO_PROXY);
        }

        @Override
        public void connect(SocketAddress target) throws IOException {
            connect(target, 0);
        }

        @Override
        public void connect(SocketAddress target, int timeout) throws IOException {
            if (!(target instanceof InetSocketAddress address) || !checked.contains(address.getAddress())) {
                throw new SocketException("the address was not checked: " + target);
            }
            super.connect(target, timeout);
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    return counted(super.read(), 1);
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    int count = super.read(target, offset, length);
                    return counted(count, count);
                }
            };
        }

        private int counted(int result, int bytes) throws IOException {
            idleBytes += result < 0 ? 0 : bytes;
            if (idleBytes > MOST_IDLE_BYTES) {
                flooded = true;
                throw new IOException("too many bytes");
            }
            return result;
        }
    }
}
