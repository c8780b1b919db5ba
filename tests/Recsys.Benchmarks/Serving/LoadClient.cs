using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Recsys.Cli.Load;
using Recsys.Engine.Serving;

namespace Recsys.Benchmarks.Serving;

/// <summary>
/// HTTP/1.1 load over loopback with little cost of its own: one blocking socket a thread, requests made beforehand.
/// Open loop: request k is due at start + k / rate whether or not earlier ones are answered, and its latency is counted
/// from when it was due, so that a stall of the service is not hidden by a client that waits (coordinated omission).
/// </summary>
internal sealed class LoadClient(IPEndPoint address, byte[][] requests)
{
    /// <summary>Sends <paramref name="rate"/> requests a second, or as many as are answered (0), for some seconds.</summary>
    public LoadResult Run(int threads, double rate, double seconds)
    {
        var latency = new LatencyHistogram();
        long next = 0, failed = 0, late = 0;
        long began = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 20);
        long end = began + (long)(seconds * Stopwatch.Frequency);
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(Work)).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        return new LoadResult(latency.Count / seconds, latency, failed, late);

        void Work()
        {
            PreciseWait.Prepare();
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(address);
            byte[] buffer = new byte[1 << 20];
            while (true)
            {
                long k = Interlocked.Increment(ref next) - 1;
                long due = rate > 0 ? began + (long)(k / rate * Stopwatch.Frequency) : Stopwatch.GetTimestamp();
                if (due >= end)
                {
                    return;
                }

                if (!PreciseWait.Until(rate > 0 ? due : began) && rate > 0)
                {
                    Interlocked.Increment(ref late);
                }

                if (!Exchange(socket, requests[k % requests.Length], buffer))
                {
                    Interlocked.Increment(ref failed);
                    return;
                }

                latency.Add((long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
            }
        }
    }

    /// <summary>A GET on a connection that is kept.</summary>
    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    /// <summary>A POST of ASCII JSON on a connection that is kept.</summary>
    public static byte[] Post(string path, string json) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}");

    /// <summary>Sends a request and reads its answer; false where that is no 200 with a length.</summary>
    private static bool Exchange(Socket socket, byte[] request, byte[] buffer)
    {
        socket.Send(request);
        int have = 0;
        while (true)
        {
            int read = socket.Receive(buffer.AsSpan(have));
            if (read == 0)
            {
                return false;
            }

            have += read;
            var text = buffer.AsSpan(0, have);
            int head = text.IndexOf("\r\n\r\n"u8);
            if (head < 0)
            {
                continue;
            }

            int at = text.IndexOf("Content-Length: "u8);
            if (!text.StartsWith("HTTP/1.1 2"u8) || at < 0)
            {
                return false;
            }

            int length = 0;
            for (int i = at + 16; text[i] is >= (byte)'0' and <= (byte)'9'; i++)
            {
                length = (length * 10) + text[i] - '0';
            }

            int missing = head + 4 + length - have;
            while (missing > 0)
            {
                read = socket.Receive(buffer.AsSpan(0, Math.Min(missing, buffer.Length)));
                if (read == 0)
                {
                    return false;
                }

                missing -= read;
            }

            return true;
        }
    }
}
