using System.Security.Cryptography;
using System.Text;
using BillApis.Identity;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Carries out a request with an <c>Idempotency-Key</c> once, and answers its repeats with the first answer.</summary>
internal sealed class Idempotency(IStore<StoredAnswer> answers, IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("BillApis.StoredAnswer");
    private const string Header = "Idempotency-Key";
    public const string Replayed = "Idempotent-Replayed";
    private const int MaxKeyLength = 200;

    /// <summary>The key of a request that changes something and has a known caller; null for any other.</summary>
    /// <exception cref="BillingException">The key is too long or not printable.</exception>
    public static string? KeyOf(HttpContext context)
    {
        var key = context.Request.Headers[Header].ToString();
        if (key.Length == 0 || HttpMethods.IsGet(context.Request.Method) || context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return null;
        }

        return key.Length <= MaxKeyLength && key.All(letter => letter is > ' ' and <= '~') ? key : throw BillingException.Field(Header, $"must be 1 to {MaxKeyLength} printable characters");
    }

    public async Task RunAsync(HttpContext context, string key, Func<Task> work)
    {
        var (caller, body) = (Caller.Of(context), await RequestBytes.ReadAsync(context).ConfigureAwait(false));
        var answer = await ClaimAsync(caller, key, HashOf(context.Request, body), context.RequestAborted).ConfigureAwait(false);
        if (answer.Status is { } status)
        {
            context.Response.Headers[Replayed] = "true";
            await Envelope.SendAsync(context, status, Encoding.UTF8.GetBytes(ShowsSecret(context) ? Open(answer.Body!) : answer.Body!)).ConfigureAwait(false);
            return;
        }

        var (sent, kept) = (context.Response.Body, new MemoryStream());
        using var input = new MemoryStream(body.ToArray(), writable: false);
        await using (kept.ConfigureAwait(false))
        {
            (context.Request.Body, context.Response.Body) = (input, kept);
            try
            {
                await work().ConfigureAwait(false);
            }
            finally
            {
                context.Response.Body = sent;

                // Whoever waits or not: what was done must be known under its key.
                var answered = kept.Length == 0 ? StatusCodes.Status500InternalServerError : context.Response.StatusCode;
                var text = Encoding.UTF8.GetString(kept.ToArray());
                await answers.SaveAsync(caller.Tenant, [answer.Answered(answered, ShowsSecret(context) ? _protector.Protect(text) : text)], [], CancellationToken.None).ConfigureAwait(false);
            }

            await sent.WriteAsync(kept.ToArray(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static bool ShowsSecret(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SecretAnswer>() is not null;

    private string Open(string answer)
    {
        try
        {
            return _protector.Unprotect(answer);
        }
        catch (CryptographicException)
        {
            throw new BillingException(BillingErrorCode.Conflict, "The request was carried out; its answer holds a secret, which only the node that gave it can show again.");
        }
    }

    private async Task<StoredAnswer> ClaimAsync(Caller caller, string key, string hash, CancellationToken cancellationToken)
    {
        var (name, now) = ($"{caller.Id}:{key}", RealTime.Now);
        var known = await answers.FindAsync(caller.Tenant, name, cancellationToken).ConfigureAwait(false);
        if (known is not null && known.RequestHash != hash)
        {
            throw new HttpRefusal(Failure.KeyReused(key));
        }

        if (known is { Status: not null })
        {
            return known;
        }

        var claim = (known ?? new StoredAnswer { Tenant = caller.Tenant, Name = name, RequestHash = hash, CreatedAt = now }).Claimed(now);
        return known?.IsBusy(now) != true && await answers.SaveAsync(caller.Tenant, [claim], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? claim.WithVersion(claim.Version + 1)
            : throw new BillingException(BillingErrorCode.Conflict, $"A request with the idempotency key '{key}' is being carried out; ask again for its answer.");
    }

    private static string HashOf(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}{request.QueryString}\n{request.ContentType}\n"));
        hash.AppendData(body.Span);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

/// <summary>Marks an endpoint whose answer shows a secret: kept for repeats, it is encrypted.</summary>
internal sealed record SecretAnswer;
