using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>The developer portal: what there is to call, and becoming a customer; open to anybody.</summary>
internal static class DeveloperEndpoints
{
    public static void MapDeveloperPortal(this IEndpointRouteBuilder portal)
    {
        portal.MapGet("/apis", ListAsync).AllowAnonymous().WithSummary("What the company offers: each API with its documentation and its prices under the offered plans, by code");
        portal.MapPost("/register", RegisterAsync).AllowAnonymous().WithMetadata(new SecretAnswer())
            .WithSummary("Become a customer: the company, its first portal user, a subscription to the plan that the tenant's settings name, and an API key, shown this once");
    }

    internal static async Task<Page<ApiResponse>> ListAsync(Query<ApiQuery> query, ApiCatalogue catalogue, CancellationToken cancellationToken) =>
        new(TenantOf(query.Value.TenantId) is { } tenant ? await catalogue.ReadAsync(tenant, cancellationToken).ConfigureAwait(false) : [], null);

    internal static async Task<Created<RegistrationResponse>> RegisterAsync(Body<RegistrationRequest> body, HttpContext context, Registration registration, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var tenant = TenantOf(body.Value.TenantId) ?? throw BillingException.Field("tenant_id", "must be the id of a tenant");
        var made = await registration.RegisterAsync(tenant, body.Value, context.Connection.RemoteIpAddress?.ToString(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created("portal/profile", new RegistrationResponse(
            ProfileResponse.From(made.User, made.Customer), new NewApiKeyResponse(ApiKeyResponse.From(made.Key), made.Text),
            await SubscriptionEndpoints.ResponseAsync(billing, made.Subscription, clock, cancellationToken).ConfigureAwait(false)));
    }

    private static TenantId? TenantOf(string? id) => id is null ? TenantId.Default : EntityId.TryParse<TenantId>(id, out var tenant) ? tenant : null;
}

internal sealed record ApiQuery
{
    /// <summary>Whose; the operator's own where nothing is said.</summary>
    public string? TenantId { get; init; }
}

internal sealed record RegistrationRequest
{
    /// <summary>What you sign in with at POST /portal/auth/login.</summary>
    public required string Email { get; init; }

    public required string Password { get; init; }

    /// <summary>Your own name.</summary>
    public required string Name { get; init; }

    /// <summary>Whose name bills are in; yours where nothing is said.</summary>
    public string? Company { get; init; }

    public string? Country { get; init; }

    public DateTimeZone? Timezone { get; init; }

    /// <summary>Whose customer you become; the operator's own where nothing is said.</summary>
    public string? TenantId { get; init; }
}

internal sealed record RegistrationResponse(ProfileResponse Profile, NewApiKeyResponse ApiKey, SubscriptionResponse Subscription);
