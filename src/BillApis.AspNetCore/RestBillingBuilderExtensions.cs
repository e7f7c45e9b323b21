using BillApis;
using BillApis.AspNetCore;
using BillApis.Auditing;
using BillApis.Identity;
using BillApis.Workers;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NodaTime;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Prepares an application to serve billing over HTTP.</summary>
public static class RestBillingBuilderExtensions
{
    /// <summary>Adds what <c>MapBilling</c> needs: signing in, the caller's credential and the clock.</summary>
    public static BillingBuilder UseRest(this BillingBuilder builder, Action<RestOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new RestOptions();
        configure?.Invoke(options);
        var services = builder.Services;
        services.AddSingleton(options);
        services.AddDataProtection();
        services.AddSingleton<RingKeyEncryption>();
        services.AddSingleton<DatabaseKeyRing>();
        services.AddOptions<KeyManagementOptions>().PostConfigure<DatabaseKeyRing>((ring, database) => (ring.XmlRepository, database.Encryptor) = (ring.XmlRepository ?? database, ring.XmlEncryptor));
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, BillingAuthenticationHandler>(BillingAuthenticationHandler.Name, null);
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<SecondFactors>();
        services.AddSingleton<ForgottenPasswords>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<AdminSearch>();
        services.AddSingleton<Tenants>();
        services.AddSingleton<TenantData>();
        services.AddSingleton<Logins>();
        services.AddSingleton<Access>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<Roles>();
        services.AddSingleton<Users>();
        services.AddSingleton<PortalUsers>();
        services.AddSingleton<Registration>();
        services.AddSingleton<ApiCatalogue>();
        services.AddSingleton<AnswerClaims>();
        services.AddSingleton<Idempotency>();
        services.AddSingleton(provider => new BillingJob("signing keys", provider.GetRequiredService<SigningKeys>().KeepAsync));
        services.AddSingleton(provider => AuditRetention.Job(provider.GetRequiredService<Tenants>(), provider.GetRequiredService<IAuditStore>(), options));
        services.AddSingleton(provider => AnswerCleanup.Job(provider.GetRequiredService<Tenants>(), provider.GetRequiredService<ForgetAnswers>()));
        services.AddHostedService<FirstAdministrator>();
        services.AddSingleton<BackgroundRuns>();
        if (options.TestClockStart is { } start)
        {
            var clock = new TestClock(start);
            services.AddSingleton(clock);
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
            services.Configure<BillingOptions>(ForTestClock);
        }

        return builder;
    }

    // The clock stands still while usage of a period is sent, before it is moved to the period's end or after.
    private static void ForTestClock(BillingOptions options)
    {
        options.FutureSkew = Duration.FromDays(366);
        options.UsageGrace = Duration.Zero;
    }
}
