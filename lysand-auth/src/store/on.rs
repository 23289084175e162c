//! The macro that writes one query for both databases.

/// Expands one Diesel query for both databases and awaits it on PostgreSQL: `on!(conn, c => query.load(c))`.
///
/// With one database of this crate's features alone, it expands for that one.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($c) => {
                #[allow(unused_imports)]
                use $crate::store::diesel::RunQueryDsl as _;
                $query
            }
            $crate::store::Conn::Pg($c) => {
                #[allow(unused_imports)]
                use $crate::store::diesel_async::RunQueryDsl as _;
                $query.await
            }
        }
    };
}

/// Expands one Diesel query: `on!(conn, c => query.load(c))`.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($c) => {
                #[allow(unused_imports)]
                use $crate::store::diesel::RunQueryDsl as _;
                $query
            }
        }
    };
}

/// Expands one Diesel query and awaits it: `on!(conn, c => query.load(c))`.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::Conn::Pg($c) => {
                #[allow(unused_imports)]
                use $crate::store::diesel_async::RunQueryDsl as _;
                $query.await
            }
        }
    };
}
