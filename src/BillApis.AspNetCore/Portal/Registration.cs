using BillApis.Auditing;
using BillApis.Identity;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>Lets somebody become a customer without being asked, where the tenant has named the plan that they begin with.</summary>
internal sealed class Registration(Billing billing, Tenants tenants, PortalUsers users, ApiKeys keys, Logins logins, LoginThrottle throttle)
{
    /// <exception cref="BillingException">The tenant lets nobody register, the address is taken, or a field breaks a rule.</exception>
    public async Task<Registered> RegisterAsync(TenantId tenant, RegistrationRequest sent, string? address, CancellationToken cancellationToken)
    {
        User.CheckLength(sent.Email);
        var plan = await PlanAsync(tenant, cancellationToken).ConfigureAwait(false) ?? throw new BillingException(BillingErrorCode.Forbidden, "Nobody may register here by themselves.");
        var name = $"registration of {User.Canonical(sent.Email)}";
        throttle.Check(name, address, RealTime.Now);
        throttle.Failed(name, address, RealTime.Now);
        Check.Name("name", sent.Name);
        Check.Text("company", sent.Company);
        var customer = new Customer { Tenant = tenant, Name = sent.Company ?? sent.Name, Email = User.Canonical(sent.Email), Currency = plan.Currency, Country = sent.Country, Zone = sent.Timezone ?? NodaTime.DateTimeZone.Utc };
        var user = users.New(customer, new PortalUserRequest { Email = sent.Email, Name = sent.Name, Password = sent.Password });
        AuditSource.Current = AuditSource.Current is { } source ? source with { Actor = user.Id.ToString() } : null;
        return await logins.AddWithAsync(user, () => MakeAsync(customer, user, plan, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    // The user comes last: until then nobody can get at the rest, and who was cut off registers again.
    private async Task<Registered> MakeAsync(Customer customer, User user, Plan plan, CancellationToken cancellationToken)
    {
        var tenant = customer.Tenant;
        customer = await billing.Customers.CreateAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        var subscription = await billing.Subscriptions.CreateAsync(tenant, new NewSubscription(customer.Id.ToString(), plan.Id.ToString()), cancellationToken).ConfigureAwait(false);
        var caller = new Caller(tenant, user.Id.ToString(), CustomerRights.All) { Customer = customer.Id };
        var (key, text) = await keys.CreateAsync(caller, new ApiKeyRequest { Name = "First key", Scopes = [.. CustomerRights.All.Expand()] }, customer.Id, Realm.Portal, cancellationToken).ConfigureAwait(false);
        return new Registered(customer, user, subscription, key, text);
    }

    private async Task<Plan?> PlanAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await tenants.IsOpenAsync(tenant, cancellationToken).ConfigureAwait(false)
        && (await billing.Settings.GetAsync(tenant, cancellationToken).ConfigureAwait(false)).RegistrationPlan is { } id
        && await billing.Plans.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { ArchivedAt: null, Published: not null } plan
            ? plan
            : null;
}

/// <summary>All that a registration makes.</summary>
internal sealed record Registered(Customer Customer, User User, Subscription Subscription, ApiKey Key, ApiKeyText Text);
