using NodaTime;

namespace BillApis;

/// <summary>Every technical limit of the engine, in one place.</summary>
public static class Limits
{
    /// <summary>The most items that one page of a listing holds.</summary>
    public const int PageSize = 500;

    /// <summary>The items on a page where the caller names no number.</summary>
    public const int DefaultPageSize = 50;

    /// <summary>The most events in one batch.</summary>
    public const int EventsPerBatch = 10_000;

    /// <summary>The most events that one backfill holds, and the most that it may supersede.</summary>
    public const int EventsPerBackfill = 100_000;

    /// <summary>The most properties on one event.</summary>
    public const int PropertiesPerEvent = 64;

    /// <summary>The longest text value of an event property, in characters.</summary>
    public const int PropertyLength = 1_024;

    /// <summary>The longest id, code, event type or source, in characters.</summary>
    public const int CodeLength = 255;

    /// <summary>The longest e-mail address that somebody signs in with (RFC 5321).</summary>
    public const int EmailLength = 254;

    /// <summary>The longest name or description, in characters.</summary>
    public const int TextLength = 4_096;

    /// <summary>The most metadata entries on one thing.</summary>
    public const int MetadataEntries = 50;

    /// <summary>The most dimensions that one metric groups by.</summary>
    public const int DimensionsPerMetric = 8;

    /// <summary>The most characters of all dimensions of one event together, names included.</summary>
    public const int DimensionsLength = 700;

    /// <summary>The most properties that one metric has cleaning rules for.</summary>
    public const int RulesPerMetric = 32;

    /// <summary>The greatest bound that a metric may set for the age of events, and for how far ahead they lie: ten years.</summary>
    public const long MostSkewSeconds = 315_360_000;

    /// <summary>The most months that usage may be kept for before it is archived, where it is not kept forever.</summary>
    public const int MostRetentionMonths = 1_200;

    /// <summary>The most permissions that one role or API key names.</summary>
    public const int PermissionsPerRole = 100;

    /// <summary>The most networks that one API key may be used from.</summary>
    public const int NetworksPerKey = 100;

    /// <summary>The most roles of one user.</summary>
    public const int RolesPerUser = 20;

    /// <summary>The most aliases of one customer.</summary>
    public const int AliasesPerCustomer = 50;

    /// <summary>The most items in one plan version.</summary>
    public const int ItemsPerPlan = 100;

    /// <summary>The most that is recorded about one subscription.</summary>
    public const int EntriesPerSubscription = 5_000;

    /// <summary>The most tiers in one price.</summary>
    public const int TiersPerPrice = 100;

    /// <summary>The most lines on one invoice.</summary>
    public const int LinesPerInvoice = 1_000;

    /// <summary>The most windows that one usage summary answers with.</summary>
    public const int WindowsPerSummary = 50_000;

    /// <summary>The most fractional digits of a unit price or a quantity.</summary>
    public const int FractionDigits = 12;

    /// <summary>The largest magnitude of a unit price, a quantity or an amount: 15 integer digits.</summary>
    public const decimal Magnitude = 999_999_999_999_999.999_999_999_999m;

    /// <summary>The most that a line of an invoice and all of its charges together come to, in major units, above and below zero: it fits the minor units of every currency.</summary>
    public const decimal InvoiceCharges = 900_000_000_000_000;

    /// <summary>How far ahead of the clock an event's timestamp may lie, where the options say nothing else.</summary>
    public static readonly Duration FutureSkew = Duration.FromHours(1);

    /// <summary>How far from now a subscription may start, back or ahead, be changed ahead, and a dry run may look ahead.</summary>
    public static readonly Duration SubscriptionHorizon = Duration.FromDays(3_660);

    /// <summary>The largest event in a file that is imported, in bytes.</summary>
    public const int ImportedEventBytes = 1024 * 1024;

    /// <summary>Memory on SQLite for what tells new event ids from known ones: what it is too small for is looked up in the file.</summary>
    public const long KeyFilterBytes = 64 * 1024 * 1024;

    /// <summary>The largest file that is imported, in bytes as it is sent.</summary>
    public const long ImportBytes = 32L * 1024 * 1024 * 1024;

    /// <summary>The refused rows that an import names; it counts them all.</summary>
    public const int RefusalsPerImport = 100;

    /// <summary>The largest request body that an answer sends back, in bytes; of a larger one it sends back only the size.</summary>
    public const int EchoedBytes = 64 * 1024;

    /// <summary>The largest request body, in bytes.</summary>
    public const long RequestBytes = 16 * 1024 * 1024;

    /// <summary>The memory that buffered usage may take, in bytes, where the options say nothing else.</summary>
    public const long BufferBytes = 64 * 1024 * 1024;

    /// <summary>How long a shutdown may take to store buffered usage, where the options say nothing else.</summary>
    public static readonly Duration BufferDrain = Duration.FromSeconds(15);

    /// <summary>The most API keys that a customer's own people may have at once.</summary>
    public const int KeysPerCustomer = 100;

    /// <summary>The most plans that the developer portal shows.</summary>
    public const int OfferedPlans = 50;

    /// <summary>The most headers that the events of metered requests carry.</summary>
    public const int MeteredHeaders = 16;

    /// <summary>The most quantities that one usage report reads of one metric: customers times windows.</summary>
    public const int ReadingsPerReport = 250_000;

    /// <summary>The most groups that one usage report ranks.</summary>
    public const int GroupsPerReport = 100;

    /// <summary>The most thresholds of one spend limit.</summary>
    public const int ThresholdsPerLimit = 20;

    /// <summary>The highest threshold of a spend limit, in percent.</summary>
    public const int HighestThreshold = 1_000;

    /// <summary>How long the answer to a request with an idempotency key is kept for its repeats.</summary>
    public static readonly Duration AnswersKept = Duration.FromHours(48);

    /// <summary>The longest time for which a part of a quota is set aside.</summary>
    public static readonly Duration ReservationLifetime = Duration.FromDays(1);

    /// <summary>The longest URL that a tenant sets, in characters.</summary>
    public const int UrlLength = 2_048;

    /// <summary>The largest answer that is taken from a URL which a tenant set, in bytes.</summary>
    public const int OutgoingAnswerBytes = 64 * 1024;

    /// <summary>The most kilobytes of headers in such an answer.</summary>
    public const int OutgoingHeaderKilobytes = 16;

    /// <summary>How long such an answer is waited for, from the connection to its last byte.</summary>
    public static readonly Duration OutgoingPatience = Duration.FromSeconds(15);
}
