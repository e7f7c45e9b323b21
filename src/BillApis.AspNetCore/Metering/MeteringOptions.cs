using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.AspNetCore;

/// <summary>Whose usage the requests of an application are, and what their events say.</summary>
public sealed class MeteringOptions
{
    /// <summary>The claim that names the customer; the caller's own id stands in where there is none.</summary>
    public const string CustomerClaim = "customer_id";

    /// <summary>The header that carries an API key.</summary>
    public const string ApiKeyHeader = "X-API-Key";

    /// <summary>The tenant that the usage belongs to.</summary>
    public TenantId Tenant { get; set; } = TenantId.Default;

    /// <summary>The source of the events; the application's name where null.</summary>
    public string? Source { get; set; }

    /// <summary>The customer that an event names where none is found; while there is no such customer, the event is kept as an orphan.</summary>
    public string UnknownCustomer { get; set; } = "unknown";

    /// <summary>Finds a request's customer, by id or external id, once the request has been served; where it answers null or throws, <see cref="UnknownCustomer"/> stands in.</summary>
    public Func<HttpContext, ValueTask<string?>> Customer { get; set; } = static context => ValueTask.FromResult(OfClaim(context.User, CustomerClaim) ?? OfClaim(context.User, ClaimTypes.NameIdentifier));

    /// <summary>Says which requests are recorded, once they have been served; all of them unless told otherwise.</summary>
    public Func<HttpContext, bool> Records { get; set; } = static _ => true;

    /// <summary>The request headers that events carry, as <c>request_header_x_model</c> for <c>X-Model</c>.</summary>
    public ISet<string> RequestHeaders { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The response headers that events carry, as <c>response_header_x_model</c> for <c>X-Model</c>.</summary>
    public ISet<string> ResponseHeaders { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the customer from a header that something trusted has set, as a gateway does; a caller that may set it decides who pays.</summary>
    public MeteringOptions CustomerFromHeader(string header)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(header);
        Customer = context => ValueTask.FromResult(OfHeader(context, header));
        return this;
    }

    /// <summary>Takes the customer from a claim of the caller's.</summary>
    public MeteringOptions CustomerFromClaim(string type)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(type);
        Customer = context => ValueTask.FromResult(OfClaim(context.User, type));
        return this;
    }

    /// <summary>Looks the customer up by the API key that the request carries; the key itself is kept nowhere.</summary>
    public MeteringOptions CustomerFromApiKey(Func<string, ValueTask<string?>> find, string header = ApiKeyHeader)
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentException.ThrowIfNullOrWhiteSpace(header);
        Customer = context => OfHeader(context, header) is { } key ? find(key) : ValueTask.FromResult<string?>(null);
        return this;
    }

    /// <summary>Looks the customer up by the API key that the request carries, in a table of keys and customers.</summary>
    public MeteringOptions CustomerFromApiKey(IReadOnlyDictionary<string, string> customers, string header = ApiKeyHeader)
    {
        ArgumentNullException.ThrowIfNull(customers);
        return CustomerFromApiKey(key => ValueTask.FromResult(customers.GetValueOrDefault(key)), header);
    }

    /// <summary>Takes the customer that the request's API key belongs to, of the keys that <c>/admin/api-keys</c> gives out; needs <c>UseRest()</c>.</summary>
    public MeteringOptions CustomerFromApiKey()
    {
        Customer = async context => OfHeader(context, ApiKeyHeader) is { } text
            && await context.RequestServices.GetRequiredService<ApiKeys>().FindAsync(text, context.RequestAborted).ConfigureAwait(false) is { } key && key.Tenant == Tenant && key.Admits(context.Connection.RemoteIpAddress)
                ? key.Customer?.ToString()
                : null;
        return this;
    }

    internal void Validate(string source)
    {
        foreach (var (name, value) in new[] { (nameof(UnknownCustomer), UnknownCustomer), (nameof(Source), source) })
        {
            _ = SafeText.Code(value) ?? throw new InvalidOperationException($"MeteringOptions.{name} is '{value}'; allowed are 1 to {Limits.CodeLength} characters, none of them a control character.");
        }

        var headers = RequestHeaders.Count + ResponseHeaders.Count;
        if (headers > Limits.MeteredHeaders)
        {
            throw new InvalidOperationException($"MeteringOptions asks for {headers} headers; at most {Limits.MeteredHeaders} are allowed.");
        }
    }

    private static string? OfHeader(HttpContext context, string header) => context.Request.Headers[header].ToString() is { Length: > 0 } value ? value : null;

    private static string? OfClaim(ClaimsPrincipal caller, string type) => caller.FindFirst(type)?.Value;
}
