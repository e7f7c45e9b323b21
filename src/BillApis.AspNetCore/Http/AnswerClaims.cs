using System.Data.Common;
using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Who may carry out the request of an idempotency key: one at a time, on all nodes together. The others wait for the answer.</summary>
internal sealed class AnswerClaims(IStore<StoredAnswer> answers)
{
    private const int FirstPauseMilliseconds = 20;
    private const int LongestPauseMilliseconds = 250;
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(2);
    private static readonly Duration MostPatience = Duration.FromSeconds(30);

    /// <summary>The key for the caller to work under, or with the answer that was given under it.</summary>
    /// <param name="caller">Who sent the request.</param>
    /// <param name="key">The caller's own key.</param>
    /// <param name="hash">What to keep of the request.</param>
    /// <param name="isSame">Whether what was kept of a request is this one's.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="HttpRefusal">The key stands for another request.</exception>
    /// <exception cref="BillingException">Another request works under it, and takes long.</exception>
    public async Task<StoredAnswer> TakeAsync(Caller caller, string key, string hash, Func<string, bool> isSame, CancellationToken cancellationToken)
    {
        var (name, started) = ($"{caller.Id}:{key}", RealTime.Now);
        for (var pause = FirstPauseMilliseconds; ; pause = Math.Min(2 * pause, LongestPauseMilliseconds))
        {
            var (known, now) = (await answers.FindAsync(caller.Tenant, name, cancellationToken).ConfigureAwait(false), RealTime.Now);
            if (known is not null && !isSame(known.RequestHash))
            {
                throw new HttpRefusal(Failure.KeyReused(key));
            }

            if (known is { Status: not null })
            {
                return known;
            }

            var claim = (known ?? new StoredAnswer { Tenant = caller.Tenant, Name = name, RequestHash = hash, CreatedAt = now }).Claimed(now);
            if (known?.IsBusy(now) != true && await answers.SaveAsync(caller.Tenant, [claim], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return claim.WithVersion(claim.Version + 1);
            }

            if (now - started > MostPatience)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"A request with the idempotency key '{key}' is being carried out; ask again for its answer.");
            }

            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps the key until the work is done that may take longer than a crash is waited for.</summary>
    /// <returns>The claim as it is stored then.</returns>
    public async Task<StoredAnswer> HoldAsync(StoredAnswer claim, Task work)
    {
        while (await Task.WhenAny(work, Task.Delay(Renewal)).ConfigureAwait(false) != work)
        {
            claim = await RenewAsync(claim).ConfigureAwait(false);
        }

        return claim;
    }

    /// <summary>Keeps the answer of work that stored nothing else; false where another request has the key now.</summary>
    public async Task<bool> AnswerAsync(StoredAnswer answered) => await answers.SaveAsync(answered.Tenant, [answered], [], CancellationToken.None).ConfigureAwait(false) is SaveResult.Saved;

    private async Task<StoredAnswer> RenewAsync(StoredAnswer claim)
    {
        var renewed = claim.Claimed(RealTime.Now);
        try
        {
            return await answers.SaveAsync(claim.Tenant, [renewed], [], CancellationToken.None).ConfigureAwait(false) is SaveResult.Saved ? renewed.WithVersion(claim.Version + 1) : claim;
        }
        catch (Exception exception) when (exception is BillingException or DbException or TimeoutException)
        {
            // The database cannot be reached for now, or had to refuse: the work goes on, and whoever took the key meanwhile is noticed with its answer.
            return claim;
        }
    }
}
