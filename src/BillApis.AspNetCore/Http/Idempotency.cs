using System.Security.Cryptography;
using System.Text;
using BillApis.Identity;
using BillApis.Outbox;
using BillApis.Storage;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>Carries out a request with an <c>Idempotency-Key</c> once, and answers its repeats with the first answer.</summary>
internal sealed partial class Idempotency(AnswerClaims claims, OutboxDispatcher outbox, IDataProtectionProvider protection, ILogger<Idempotency> logger)
{
    private const string Header = "Idempotency-Key";
    public const string Replayed = "Idempotent-Replayed";
    private const int MaxKeyLength = 200;
    private readonly IDataProtector _protector = protection.CreateProtector("BillApis.StoredAnswer");

    /// <summary>The key of a request that changes something, or that anybody may send with a body; null for any other.</summary>
    /// <exception cref="BillingException">The key is too long or not printable.</exception>
    public static string? KeyOf(HttpContext context)
    {
        var key = context.Request.Headers[Header].ToString();
        if (key.Length == 0 || HttpMethods.IsGet(context.Request.Method) || (IsOpen(context) && context.GetEndpoint()!.Metadata.GetMetadata<BodyType>() is null))
        {
            return null;
        }

        return key.Length <= MaxKeyLength && key.All(letter => letter is > ' ' and <= '~') ? key : throw BillingException.Field(Header, $"must be 1 to {MaxKeyLength} printable characters");
    }

    /// <summary>Does the work unless it was done under this key before; in either case the caller gets the first answer.</summary>
    public async Task RunAsync(HttpContext context, string key, Func<Task> work)
    {
        var (caller, body) = (IsOpen(context) ? Anybody(context) : Caller.Of(context), await RequestBytes.ReadAsync(context).ConfigureAwait(false));
        if (MediaType.Is(context.Request, "application/json"))
        {
            EchoedInput.Keep(context, body); // The answer may be that the key was used before, which nobody reads the body for.
        }

        var hash = HashOf(context.Request, body);
        var sent = context.Response.Body;
        var kept = new MemoryStream();
        await using (kept.ConfigureAwait(false))
        {
            while (true)
            {
                var claim = await claims.TakeAsync(caller, key, ShowsSecret(context) ? _protector.Protect(hash) : hash, known => IsHashOf(known, hash), context.RequestAborted).ConfigureAwait(false);
                if (claim.Status is { } status)
                {
                    context.Response.Headers[Replayed] = "true";
                    await Envelope.SendAsync(context, status, Encoding.UTF8.GetBytes(IsInClear(claim.Body!) ? claim.Body! : Open(claim.Body!))).ConfigureAwait(false);
                    return;
                }

                using var input = new MemoryStream(body.ToArray(), writable: false);
                kept.SetLength(0);
                (context.Request.Body, context.Response.Body) = (input, kept);
                try
                {
                    if (await DoAsync(context, claim, kept, work).ConfigureAwait(false))
                    {
                        break;
                    }
                }
                finally
                {
                    context.Response.Body = sent;
                }

                // Otherwise another request took the key over: nothing was stored here, and its answer is the answer.
            }

            await sent.WriteAsync(kept.ToArray(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <returns>False where another request has the key now.</returns>
    private async Task<bool> DoAsync(HttpContext context, StoredAnswer claim, MemoryStream kept, Func<Task> work)
    {
        var (request, isLong) = (new AnsweredWork(), context.GetEndpoint()?.Metadata.GetMetadata<OwnTransactions>() is not null);
        context.Features.Set(new RequestKey(claim.Id.Value));
        AnsweredWork.Current = isLong ? null : request;
        var working = work();
        claim = isLong ? await claims.HoldAsync(claim, working).ConfigureAwait(false) : claim;
        await working.ConfigureAwait(false);
        AnsweredWork.Current = null;

        // Whoever waits or not: what was done must be known under its key.
        var text = Encoding.UTF8.GetString(kept.ToArray());
        var answered = claim.Answered(kept.Length == 0 ? StatusCodes.Status500InternalServerError : context.Response.StatusCode, ShowsSecret(context) ? _protector.Protect(text) : text);
        if (request.Transaction is null)
        {
            return await claims.AnswerAsync(answered).ConfigureAwait(false);
        }

        if (answered.Status is null)
        {
            await request.EndAsync(null).ConfigureAwait(false);
            return await claims.AnswerAsync(answered).ConfigureAwait(false);
        }

        var isFirst = await request.EndAsync(answered).ConfigureAwait(false);
        foreach (var tenant in isFirst ? request.Dispatches : [])
        {
            await DispatchAsync(tenant).ConfigureAwait(false);
        }

        return isFirst;
    }

    private async Task DispatchAsync(TenantId tenant)
    {
        try
        {
            await outbox.DispatchAsync(tenant, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The answer is stored and true; what could not be carried out stays pending for the worker.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogPending(tenant, exception);
        }
    }

    private static bool IsOpen(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    // Who has not signed in is known by its address alone: one at another address that chose the same key is another caller.
    private static Caller Anybody(HttpContext context) => new(TenantId.Default, $"anybody at {context.Connection.RemoteIpAddress}", PermissionSet.None);

    private static bool ShowsSecret(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SecretAnswer>() is not null;

    // What was kept before its endpoint was marked is in clear, and answers its repeats all the same; what is encrypted is longer than a hash, and no JSON.
    private bool IsHashOf(string known, string hash) => (known.Length == hash.Length ? known : Open(known)) == hash;

    private static bool IsInClear(string body) => body.StartsWith('{');

    private string Open(string kept)
    {
        try
        {
            return _protector.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            throw new BillingException(BillingErrorCode.Conflict, "A request with this key was begun; it holds a secret, which only the node that took it can open again.");
        }
    }

    private static string HashOf(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}{request.QueryString}\n{request.ContentType}\n"));
        hash.AppendData(body.Span);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Events of the tenant {Tenant} could not be carried out and stay pending for the worker.")]
    private partial void LogPending(TenantId tenant, Exception exception);
}

/// <summary>Marks an endpoint whose request or answer holds a secret: what is kept of them for repeats is encrypted.</summary>
internal sealed record SecretAnswer;

/// <summary>Marks an endpoint that does its work in transactions of its own, each safe to repeat: it is too long for one.</summary>
internal sealed record OwnTransactions;
