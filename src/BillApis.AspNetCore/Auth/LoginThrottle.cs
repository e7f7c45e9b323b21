using System.Net;
using System.Net.Sockets;
using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Slows guessing down: after too many failures under one e-mail address, or from one network address, nobody may try there again for a while. Whether the user exists makes no difference.</summary>
/// <remarks>Each process counts for itself, and forgets the oldest where it counts too many.</remarks>
internal sealed class LoginThrottle
{
    private const int MostForOneFromOneAddress = 10;
    private const int MostForOne = 50;
    private const int MostFromOneAddress = 100;
    internal const int MostKeys = 100_000;
    private const int Lanes = 64;
    private const int AtOnce = 4;
    private const int BytesOfHome = 8;
    private static readonly Duration Window = Duration.FromMinutes(15);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Failures> _failures = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, Instant Until)> _oldest = new();
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(AtOnce))];

    /// <summary>Does it in its turn: few at once under one name, so that guesses which are sent together do not all pass before the first has failed.</summary>
    public async Task<T> InTurnAsync<T>(string name, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var lane = _lanes[unchecked((uint)StringComparer.Ordinal.GetHashCode(name)) % Lanes];
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Slows guesses down at what a user who is signed in has to know: whether the guess is right.</summary>
    /// <exception cref="HttpRefusal">Too many have failed.</exception>
    public async Task<bool> IsRightAsync(string name, Func<bool> guess, CancellationToken cancellationToken) => await InTurnAsync(
        name,
        () =>
        {
            Check(name, null, RealTime.Now);
            var isRight = guess();
            if (isRight)
            {
                Succeeded(name, null);
            }
            else
            {
                Failed(name, null, RealTime.Now);
            }

            return Task.FromResult(isRight);
        },
        cancellationToken).ConfigureAwait(false);

    /// <summary>Refuses a sign-in where too many have failed.</summary>
    /// <exception cref="HttpRefusal">The answer says when to try again.</exception>
    public void Check(string email, string? address, Instant now)
    {
        lock (_lock)
        {
            foreach (var (key, most) in Keys(email, address))
            {
                if (_failures.TryGetValue(key, out var failures) && failures.Count >= most && now < failures.Until)
                {
                    throw new HttpRefusal(Failure.TooMany("sign-ins failed", failures.Until - now));
                }
            }
        }
    }

    public void Failed(string email, string? address, Instant now)
    {
        lock (_lock)
        {
            foreach (var (key, _) in Keys(email, address))
            {
                if (_failures.TryGetValue(key, out var known) && now < known.Until)
                {
                    _failures[key] = known with { Count = known.Count + 1 };
                }
                else
                {
                    _failures[key] = new Failures(1, now + Window);
                    _oldest.Enqueue((key, now + Window));
                }
            }

            // All windows are as long as each other: what began first ends first.
            while (_oldest.TryPeek(out var first) && (_oldest.Count > MostKeys || first.Until <= now))
            {
                _oldest.Dequeue();
                if (_failures.TryGetValue(first.Key, out var failures) && failures.Until == first.Until)
                {
                    _failures.Remove(first.Key);
                }
            }
        }
    }

    /// <summary>Forgets what failed for a user who has signed in; not what failed from the same address for others.</summary>
    public void Succeeded(string email, string? address)
    {
        lock (_lock)
        {
            _failures.Remove(One(email));
            _failures.Remove(Pair(email, address));
        }
    }

    /// <summary>What is counted for an attempt, each of the same length however long the e-mail address is.</summary>
    internal static IEnumerable<(string Key, int Most)> Keys(string email, string? address)
    {
        yield return (Pair(email, address), MostForOneFromOneAddress);
        yield return (One(email), MostForOne);
        if (address is not null)
        {
            yield return (RandomSecret.HashOf($"from {Home(address)}"), MostFromOneAddress);
        }
    }

    private static string One(string email) => RandomSecret.HashOf($"for {email}");

    private static string Pair(string email, string? address) => RandomSecret.HashOf($"for {email} from {(address is null ? "" : Home(address))}");

    // Whoever has one address of IPv6 has all with the same first half.
    private static string Home(string address) =>
        !IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily is not AddressFamily.InterNetworkV6 ? address
        : parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4().ToString()
        : Convert.ToHexString(parsed.GetAddressBytes()[..BytesOfHome]);

    private sealed record Failures(int Count, Instant Until);
}
