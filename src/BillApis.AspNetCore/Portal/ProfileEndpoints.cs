using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/portal/profile</c>: who is signed in to the portal, and for which customer.</summary>
internal static class ProfileEndpoints
{
    public static void MapProfile(this IEndpointRouteBuilder portal)
    {
        portal.MapGet("/profile", GetAsync).WithSummary("Who you are, and your company as it is billed");
        portal.MapPatch("/profile", ChangeAsync).WithSummary("Change your name, or where your company's documents go");
    }

    internal static async Task<ProfileResponse> GetAsync(Caller caller, SignIn signIn, Billing billing, CancellationToken cancellationToken) =>
        ProfileResponse.From(
            await signIn.GetAsync(caller, cancellationToken).ConfigureAwait(false),
            await billing.Customers.GetAsync(caller.Tenant, PortalEndpoints.Own(caller).ToString(), cancellationToken).ConfigureAwait(false));

    internal static async Task<ProfileResponse> ChangeAsync(Patch<ProfileChange> patch, Caller caller, PortalUsers users, Billing billing, CancellationToken cancellationToken)
    {
        var own = PortalEndpoints.Own(caller);
        var (user, customer) = (await users.GetAsync(caller.Tenant, own, caller.Id, cancellationToken).ConfigureAwait(false), await billing.Customers.GetAsync(caller.Tenant, own.ToString(), cancellationToken).ConfigureAwait(false));
        var sent = patch.Over(JsonSerializer.SerializeToNode(new ProfileChange { Name = user.Name, BillingEmail = customer.Email, Locale = customer.Locale }, BillingJson.Options)!).Value;
        Check.Name("name", sent.Name);
        if ((sent.BillingEmail, sent.Locale) != (customer.Email, customer.Locale))
        {
            customer = await billing.Customers.UpdateAsync(caller.Tenant, own.ToString(), found => found with { Email = sent.BillingEmail, Locale = sent.Locale }, cancellationToken).ConfigureAwait(false);
        }

        user = sent.Name == user.Name ? user : await users.ChangeAsync(caller.Tenant, own, caller.Id, found => found with { Name = sent.Name }, cancellationToken).ConfigureAwait(false);
        return ProfileResponse.From(user, customer);
    }
}

internal sealed record ProfileChange
{
    /// <summary>Your own name.</summary>
    public required string Name { get; init; }

    /// <summary>Where your company's invoices are sent.</summary>
    public string? BillingEmail { get; init; }

    /// <summary>The language of its documents.</summary>
    public string? Locale { get; init; }
}

internal sealed record ProfileResponse(
    UserId Id, string Name, string Email, CustomerId CustomerId, string CustomerName, string? BillingEmail, Currency Currency, DateTimeZone Timezone, string? Country, Address? Address, string? TaxId, string? Locale)
{
    public static ProfileResponse From(User user, Customer customer) => new(
        user.Id, user.Name, user.Email, customer.Id, customer.Name, customer.Email, customer.Currency, customer.Zone, customer.Country, customer.Address, customer.TaxId, customer.Locale);
}
